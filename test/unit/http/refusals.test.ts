import { describe, it } from "vitest";
import type { AppDependencies } from "../../../src/http/app-dependencies.ts";
import { routeAccess } from "../../../src/http/route-access.ts";
import { answerQuery } from "../../../src/rag/answer-query.ts";
import { SCOPES, type Scope } from "../../../src/tenancy/principal.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";
import { createTestApp, type TestApp } from "../../support/test-app.ts";

const ADMIN = { authorization: "Bearer operator" };
const QUESTION = { role: "user", content: "What purrs?" };

/** Of every route that reserves what it takes before it takes it: who may call it, and a request that would be served. */
const TAKING: Readonly<Record<string, readonly [scope: Scope, body: object]>> = {
  "POST /v1/retrieve": ["retrieve", { query: "purr" }],
  "POST /retrieval": [
    "retrieve",
    { knowledge_id: "animals", query: "purr", retrieval_setting: { top_k: 1, score_threshold: 0 } },
  ],
  "POST /mcp": [
    "retrieve",
    { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "search", arguments: { query: "purr" } } },
  ],
  "POST /v1/embeddings": ["retrieve", { input: "cats purr" }],
  "POST /v1/vector_stores/{vector_store_id}/search": ["retrieve", { query: "purr" }],
  "POST /v1/chat/completions": ["generate", { messages: [QUESTION], retrieval: false, max_tokens: 20 }],
  "POST /v1/messages": ["generate", { messages: [QUESTION], retrieval: false, max_tokens: 20 }],
  "POST /v1/responses": ["generate", { input: "What purrs?", max_output_tokens: 20 }],
};
const ANSWERING = ["POST /v1/chat/completions", "POST /v1/messages", "POST /v1/responses"];

interface Refusal {
  readonly status: number;
  readonly code: string;
  /** What each protocol calls it. */
  readonly openai: string;
  readonly anthropic: string;
  readonly dify: number;
}

const REFUSALS = {
  limit: { status: 429, code: "rate_limited", openai: "rate_limit_error", anthropic: "rate_limit_error", dify: 429 },
  spent: { status: 402, code: "budget_exhausted", openai: "insufficient_quota", anthropic: "billing_error", dify: 402 },
  scope: { status: 403, code: "forbidden", openai: "permission_error", anthropic: "permission_error", dify: 1002 },
} as const satisfies Record<string, Refusal>;

/** The whole body of a refusal, in the shape of the route's own protocol. */
function bodyOf(operation: string, { code, openai, anthropic, dify }: Refusal, { expect }: Expecting): unknown {
  const message = expect.stringMatching(/.{20}/);
  switch (operation) {
    case "POST /retrieval":
      return { error_code: dify, error_msg: message };
    case "POST /mcp":
      return { jsonrpc: "2.0", id: null, error: { code: -32_000, message, data: { code } } };
    case "POST /v1/messages":
      return {
        type: "error",
        error: { type: anthropic, message, details: { error_code: code, param: null } },
        request_id: expect.stringMatching(/./),
      };
    default:
      return { error: { message, type: openai, param: null, code } };
  }
}

interface Expecting {
  readonly expect: { stringMatching(pattern: RegExp): unknown };
}

interface World extends TestApp {
  readonly createKey: (settings: object) => Promise<string>;
}

async function createWorld(): Promise<World> {
  const app = createTestApp({
    answer: answerQuery,
    variables: {
      MODE: "production",
      ADMIN_KEY: "operator",
      TARGET_LMS: '{"told":{"provider":"extractive"}}',
      DEFAULT_MODEL: "told",
      RATE_TIERS: JSON.stringify({
        requests: { requests_per_minute: 1 },
        tokens: { tokens_per_minute: 5 },
        streams: { concurrent_streams: 1 },
      }),
      PRICES: '{"retrieval_per_thousand": 1}',
    },
    dependencies: {
      // All of it that these requests need.
      documents: { catalog: { get: () => Promise.resolve([]) } } as unknown as AppDependencies["documents"],
      targetLms: (name) => [fakeTargetLm({ name, script: ["Cats purr."] })],
    },
  });
  return {
    ...app,
    createKey: async (settings) => {
      const response = await app.fetch("/v1/admin/keys", {
        method: "POST",
        headers: ADMIN,
        body: JSON.stringify({ name: "k", tenant: "acme", scopes: SCOPES, collections: ["*"], ...settings }),
      });
      return ((await response.json()) as { readonly key: string }).key;
    },
  };
}

/** `POST /v1/…/{id}`, as the schema of the API has it, sent with a key. */
async function send({ fetch }: World, operation: string, key: string, more: object = {}): Promise<Response> {
  const [method = "", path = ""] = operation.split(" ");
  const body = { ...TAKING[operation]?.[1], ...more };
  return await fetch(path.replaceAll(/\{\w+\}/g, "animals"), {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
    },
    ...(["POST", "PUT", "PATCH"].includes(method) ? { body: JSON.stringify(body) } : {}),
  });
}

const world = await createWorld();
const schema = (await (await world.fetch("/openapi.json")).json()) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};
/** Every operation of the API that wants a key. */
const OPERATIONS = Object.entries(schema.paths).flatMap(([path, methods]) =>
  Object.keys(methods)
    .map((method) => `${method.toUpperCase()} ${path}`)
    .filter((operation) => accessTo(operation) !== "public"),
);

function accessTo(operation: string): string {
  const [method = "", path = ""] = operation.split(" ");
  return routeAccess(method, path) ?? "public";
}

/** What the schema's operations below these want, beside those of the table. */
const SCOPE_OF_PREFIX: readonly (readonly [prefix: string, scope: Scope])[] = [
  ["/v1/collections", "ingest"],
  ["/v1/files", "ingest"],
  ["/v1/vector_stores", "ingest"],
  ["/v1/admin", "admin"],
];

function scopeOf(operation: string): Scope | undefined {
  const [, path = ""] = operation.split(" ");
  return TAKING[operation]?.[0] ?? SCOPE_OF_PREFIX.find(([prefix]) => path.startsWith(prefix))?.[1];
}

it("the operations under test are all that the schema has, those of the table among them", ({ expect }) => {
  expect(OPERATIONS.length).toBeGreaterThan(50);
  expect(Object.keys(TAKING).filter((operation) => !OPERATIONS.includes(operation))).toEqual([]);
});

describe.for(OPERATIONS)("%s", (operation) => {
  it("is refused beyond the key's requests a minute, with when to come back and what is left", async ({ expect }) => {
    const key = await world.createKey({ tier: "requests" });
    expect((await send(world, "GET /v1/models", key)).status).toBe(200);
    const refused = await send(world, operation, key);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual(bodyOf(operation, REFUSALS.limit, { expect }));
    const { headers } = refused;
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(headers.get("retry-after"))).toBeLessThanOrEqual(61);
    expect(headers.get("x-should-retry")).toBe("true");
    expect(headers.get("x-ratelimit-limit-requests")).toBe("1");
    expect(headers.get("x-ratelimit-remaining-requests")).toBe("0");
    expect(headers.get("x-ratelimit-reset-requests")).toMatch(/^\d+\.\d{3}s$/);
  });

  it("is refused when the key's budget is spent, for good", async ({ expect }) => {
    const key = await world.createKey({ budget: { usd: 0.001 } });
    expect((await send(world, "POST /v1/retrieve", key)).status).toBe(200);
    const refused = await send(world, operation, key);
    expect(refused.status).toBe(402);
    expect(await refused.json()).toEqual(bodyOf(operation, REFUSALS.spent, { expect }));
    expect([refused.headers.get("retry-after"), refused.headers.get("x-should-retry")]).toEqual([null, "false"]);
  });

  it("is refused to a key of other routes", async ({ expect }) => {
    const key = await world.createKey({ routes: ["/elsewhere*"] });
    const refused = await send(world, operation, key);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toEqual(bodyOf(operation, REFUSALS.scope, { expect }));
  });
});

describe.for(OPERATIONS.filter((operation) => scopeOf(operation) !== undefined))("%s", (operation) => {
  it("is refused to a key with every scope but its own", async ({ expect }) => {
    const scopes = SCOPES.filter((scope) => scope !== scopeOf(operation) && scope !== "admin");
    const refused = await send(world, operation, await world.createKey({ scopes }));
    expect(refused.status).toBe(403);
    expect(await refused.json()).toEqual(bodyOf(operation, REFUSALS.scope, { expect }));
    expect(refused.headers.get("x-should-retry")).toBe("false");
  });
});

describe.for(Object.keys(TAKING))("%s", (operation) => {
  it("is refused what a budget does not cover, before anything is taken", async ({ expect }) => {
    const refused = await send(world, operation, await world.createKey({ budget: { tokens: 1 } }));
    expect(refused.status).toBe(402);
    expect(await refused.json()).toEqual(bodyOf(operation, REFUSALS.spent, { expect }));
  });

  it("is refused beyond the key's tokens a minute", async ({ expect }) => {
    const key = await world.createKey({ tier: "tokens" });
    await send(world, "POST /v1/retrieve", key);
    const refused = await send(world, operation, key);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual(bodyOf(operation, REFUSALS.limit, { expect }));
    expect(refused.headers.get("x-ratelimit-limit-tokens")).toBe("5");
  });
});

describe.for(ANSWERING)("%s as a stream", (operation) => {
  it("is refused before it begins", async ({ expect }) => {
    const spent = await send(world, operation, await world.createKey({ budget: { tokens: 1 } }), { stream: true });
    expect([spent.status, await spent.json()]).toEqual([402, bodyOf(operation, REFUSALS.spent, { expect })]);
  });

  it("is refused while the key has as many open as it may", async ({ expect }) => {
    const key = await world.createKey({ tier: "streams" });
    const open = await send(world, "POST /v1/chat/completions", key, { stream: true });
    const refused = await send(world, operation, key, { stream: true });
    expect([open.status, refused.status]).toEqual([200, 429]);
    expect(await refused.json()).toEqual(bodyOf(operation, REFUSALS.limit, { expect }));
    expect(refused.headers.get("retry-after")).toBe("1");
    await open.text();
    await expect.poll(async () => (await send(world, operation, key, { stream: true })).status).toBe(200);
  });
});
