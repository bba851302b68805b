import { abortAllDurableObjects } from "cloudflare:test";
import { describe, it } from "vitest";
import type { TargetLm } from "../../../src/generation/target-lm.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";
import { createMeteredApp, ledgerObject, type MeteredApp, usageRows, withKey } from "./metered-app.ts";

const CHAT = "/v1/chat/completions";
const messages = [{ role: "user", content: "What purrs?" }];
const chat = (key: string, body: object = {}): RequestInit =>
  withKey(key, { messages, retrieval: false, max_tokens: 20, ...body });

const USAGE = { type: "usage", usage: { prompt_tokens: 30, completion_tokens: 20, total_tokens: 50 } } as const;

/** Answers with 30 + 20 tokens, once `gate` is open. */
function gatedTarget(gate: Promise<void> = Promise.resolve()): TargetLm {
  const target = fakeTargetLm({ name: "extractive", script: ["Cats purr.", USAGE] });
  return {
    ...target,
    async *generate(request, options) {
      yield { type: "text-delta", choice: 0, text: "" };
      await gate;
      yield* target.generate(request, options);
    },
  };
}

const RATE_TIERS = JSON.stringify({
  requests: { requests_per_minute: 10 },
  tokens: { tokens_per_minute: 200 },
  streams: { concurrent_streams: 3 },
});
const PRICES = JSON.stringify({
  models: { extractive: { prompt_per_million: 1, completion_per_million: 1 } },
  retrieval_per_thousand: 1,
});

function createApp(target: TargetLm = gatedTarget()): MeteredApp {
  return createMeteredApp({ variables: { RATE_TIERS, PRICES }, dependencies: { targetLms: () => [target] } });
}

async function statusesOf(responses: readonly Response[]): Promise<Readonly<Record<number, number>>> {
  const counts: Record<number, number> = {};
  for (const response of responses) {
    await response.text();
    counts[response.status] = (counts[response.status] ?? 0) + 1;
  }
  return counts;
}

async function many<Result>(count: number, call: () => Promise<Result>): Promise<Result[]> {
  return await Promise.all(Array.from({ length: count }, call));
}

describe("limits are exact under concurrency", () => {
  it("of requests: ten of forty at once, whatever becomes of the object that counts", async ({ expect }) => {
    const app = createApp();
    const { key } = await app.createKey({ tier: "requests" });
    const search = withKey(key, { query: "purr" });
    const first = await many(6, () => app.fetch("/v1/retrieve", search));
    await abortAllDurableObjects();
    const rest = await many(34, () => app.fetch("/v1/retrieve", search));
    expect(await statusesOf([...first, ...rest])).toEqual({ 200: 10, 429: 30 });
  });

  it("of tokens: as many answers as surely fit, then what they left", async ({ expect }) => {
    const gate = Promise.withResolvers<void>();
    const app = createApp(gatedTarget(gate.promise));
    const { id, key } = await app.createKey({ tier: "tokens" });
    // Each may take its prompt of 9 tokens, as we count them, and an answer of 20.
    const asked = many(12, () => app.fetch(CHAT, chat(key)));
    setTimeout(gate.resolve, 500);
    expect(await statusesOf(await asked)).toEqual({ 200: 6, 429: 6 });
    await app.settled();
    // What the provider told was more: 6 * 50 tokens.
    const next = await app.fetch("/v1/models", withKey(key));
    expect(next.headers.get("x-ratelimit-remaining-tokens")).toBe("0");
    await ledgerObject(id).flush();
    const rows = await usageRows(id);
    expect(rows.reduce((sum, row) => sum + row.prompt_tokens + row.completion_tokens, 0)).toBe(300);
  });

  it("of streams: three places, free again when a stream ends or its client leaves", async ({ expect }) => {
    const gate = Promise.withResolvers<void>();
    const app = createApp(gatedTarget(gate.promise));
    const { key } = await app.createKey({ tier: "streams" });
    const stream = (): Promise<Response> => app.fetch(CHAT, chat(key, { stream: true }));
    const responses = await many(8, stream);
    const open = responses.filter(({ status }) => status === 200);
    expect([open.length, responses.length - open.length]).toEqual([3, 5]);
    const refused = responses.find(({ status }) => status === 429);
    expect(await refused?.json()).toMatchObject({ error: { code: "rate_limited", type: "rate_limit_error" } });
    expect((await app.fetch("/v1/retrieve", withKey(key, { query: "purr" }))).status).toBe(200);

    await open[0]?.body?.cancel();
    await expect.poll(async () => (await stream()).status).toBe(200);
    gate.resolve();
    await Promise.all(open.slice(1).map((response) => response.text()));
    await expect.poll(async () => await statusesOf(await many(2, stream))).toEqual({ 200: 2 });
  });

  it("of money: a budget is never overdrawn by many at once, and its end is 402", async ({ expect }) => {
    const app = createApp();
    // 120 searches at 0.001 dollars.
    const { id, key } = await app.createKey({ budget: { usd: 0.12 } });
    const statuses: Record<number, number> = {};
    for (let round = 0; round < 8; round++) {
      const responses = await many(25, () => app.fetch("/v1/retrieve", withKey(key, { query: "purr" })));
      for (const [status, count] of Object.entries(await statusesOf(responses))) {
        statuses[Number(status)] = (statuses[Number(status)] ?? 0) + count;
      }
      await app.settled();
    }
    expect(statuses[200]).toBe(120);
    expect(statuses[402]).toBeGreaterThan(0);
    const refused = await app.fetch("/v1/retrieve", withKey(key, { query: "purr" }));
    expect(refused.status).toBe(402);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect(await refused.json()).toMatchObject({ error: { code: "budget_exhausted", type: "insufficient_quota" } });
    await app.settled();
    await ledgerObject(id).flush();
    const rows = await usageRows(id);
    expect(rows.reduce((sum, { nano_usd: cost }) => sum + cost, 0)).toBe(120_000_000);
    expect(rows).toHaveLength(201);
  });
});

describe("what a client is told", () => {
  it("of its limits, in OpenAI's headers; of a refusal, when to come back", async ({ expect }) => {
    const app = createApp();
    const { key } = await app.createKey({ tier: "requests" });
    const responses = [];
    for (let sent = 0; sent < 11; sent++) {
      responses.push(await app.fetch("/v1/models", withKey(key)));
    }
    const [first, last] = [responses[0], responses.at(-1)];
    expect(first?.headers.get("x-ratelimit-limit-requests")).toBe("10");
    expect(first?.headers.get("x-ratelimit-remaining-requests")).toBe("9");
    expect(first?.headers.get("x-ratelimit-reset-requests")).toMatch(/^\d+\.\d{3}s$/);
    expect(first?.headers.get("x-ratelimit-limit-tokens")).toBeNull();
    expect(last?.status).toBe(429);
    expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(last?.headers.get("retry-after"))).toBeLessThanOrEqual(61);
    expect(last?.headers.get("x-should-retry")).toBe("true");
    expect(last?.headers.get("x-ratelimit-remaining-requests")).toBe("0");
  });

  it("of a request that can never fit: not to send it again", async ({ expect }) => {
    const app = createApp();
    const { key } = await app.createKey({ tier: "tokens" });
    const refused = await app.fetch(CHAT, chat(key, { max_tokens: 500 }));
    expect([refused.status, refused.headers.get("x-should-retry")]).toEqual([429, "false"]);
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringContaining("max_tokens") } });
  });
});

describe("a change of a key", () => {
  it("counts from the next request on, in every isolate that remembers it", async ({ expect }) => {
    const [app, other] = [createApp(), createApp()];
    const { id, key } = await app.createKey();
    for (const isolate of [app, other]) {
      expect((await isolate.fetch("/v1/models", withKey(key))).status).toBe(200);
    }
    const operator = { headers: { authorization: "Bearer operator" } };
    const narrowed = await app.fetch(`/v1/admin/keys/${id}`, {
      ...operator,
      method: "PATCH",
      body: JSON.stringify({ scopes: ["generate"] }),
    });
    expect(narrowed.status).toBe(200);
    expect((await other.fetch("/v1/retrieve", withKey(key, { query: "purr" }))).status).toBe(403);
    await app.fetch(`/v1/admin/keys/${id}`, { ...operator, method: "DELETE" });
    for (const isolate of [other, app]) {
      expect((await isolate.fetch("/v1/models", withKey(key))).status).toBe(401);
    }
  });
});
