import { describe, it } from "vitest";
import type { TargetLm } from "../../../src/generation/target-lm.ts";
import type { AppDependencies } from "../../../src/http/app-dependencies.ts";
import { answerQuery } from "../../../src/rag/answer-query.ts";
import { AppError } from "../../../src/shared/errors.ts";
import type { UsageRecord } from "../../../src/usage/usage-record.ts";
import { type FakeScript, fakeTargetLm } from "../../support/fake-target-lm.ts";
import { createTestApp, type TestApp } from "../../support/test-app.ts";

const QUESTION = { role: "user", content: "What purrs?" };

/** Every protocol that has answers: its path, and a request that asks for one with retrieval. */
const PROTOCOLS: readonly (readonly [path: string, body: object])[] = [
  ["/v1/chat/completions", { messages: [QUESTION] }],
  ["/v1/messages", { messages: [QUESTION], max_tokens: 100 }],
  ["/v1/responses", { input: "What purrs?", retrieval: true }],
];

const SCRIPTS: Readonly<Record<string, FakeScript>> = {
  told: ["Cats", " purr [1].", { type: "usage", usage: { prompt_tokens: 40, completion_tokens: 9 } }],
  down: [new AppError("upstream_unavailable", "down")],
  cut: ["Cats", new AppError("upstream_cut", "cut")],
};

/** Says a word, then nothing until it is aborted. */
const silent: TargetLm = {
  ...fakeTargetLm({ name: "silent" }),
  async *generate(_request, { signal }) {
    yield { type: "text-delta", choice: 0, text: "Cats" };
    await new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new AppError("aborted", "the client went away")));
    });
  },
};

function createApp(variables: Readonly<Record<string, string>> = {}): TestApp {
  const names = [...Object.keys(SCRIPTS), "silent"];
  return createTestApp({
    answer: answerQuery,
    variables: {
      MODE: "production",
      API_KEYS: "alpha",
      TARGET_LMS: JSON.stringify(Object.fromEntries(names.map((name) => [name, { provider: "extractive" }]))),
      DEFAULT_MODEL: "told",
      ...variables,
    },
    dependencies: {
      // All of it that an answer needs.
      documents: { catalog: { get: () => Promise.resolve([]) } } as unknown as AppDependencies["documents"],
      targetLms: (name) => [name === "silent" ? silent : fakeTargetLm({ name, script: SCRIPTS[name] ?? [] })],
    },
  });
}

const post = (
  body: object,
  { headers = {}, ...init }: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): RequestInit => ({
  method: "POST",
  headers: { authorization: "Bearer alpha", ...headers },
  body: JSON.stringify(body),
  ...init,
});

async function recordOf(app: TestApp): Promise<readonly UsageRecord[]> {
  // The record of a stream is settled a moment after its last byte.
  for (let attempt = 0; attempt < 100; attempt++) {
    const records = await app.usageRecords();
    if (records.length > 0) {
      return records;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return [];
}

describe.for(PROTOCOLS)("%s leaves one usage record", ([path, body]) => {
  it.for([
    ["an answer", {}, { outcome: "completed", status: 200 }],
    ["a stream", { stream: true }, { outcome: "completed", status: 200 }],
  ] as const)("of %s, with the tokens that the provider tells", async ([, more, expected], { expect }) => {
    const app = createApp();
    await (await app.fetch(path, post({ ...body, ...more }))).text();
    expect(await recordOf(app)).toMatchObject([
      {
        ...expected,
        path,
        model: "told",
        countedBy: "provider",
        counts: { retrievals: 1, embedTokens: 5, promptTokens: 40, completionTokens: 9 },
      },
    ]);
  });

  it.for([
    ["an upstream that is down", { model: "down" }, { status: 502, errorCode: "upstream_unavailable" }],
    ["an upstream that is cut in a stream", { model: "cut", stream: true }, { status: 200, errorCode: "upstream_cut" }],
    ["a malformed field", { messages: [], input: [] }, { status: 400, errorCode: "invalid_request" }],
  ] as const)("of %s, as failed", async ([, more, expected], { expect }) => {
    const app = createApp();
    await (await app.fetch(path, post({ ...body, ...more }))).text();
    expect(await recordOf(app)).toMatchObject([{ outcome: "failed", ...expected }]);
  });

  it("of a client that leaves in the middle, as aborted", async ({ expect }) => {
    const app = createApp();
    const response = await app.fetch(path, post({ ...body, model: "silent", stream: true }));
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await recordOf(app)).toMatchObject([{ outcome: "aborted", counts: { completionTokens: 1 } }]);
  });

  it("for each repetition, of which only the first asks the model", async ({ expect }) => {
    const app = createApp();
    const headers = { "idempotency-key": "one" };
    const first = await app.fetch(path, post(body, { headers }));
    const second = await app.fetch(path, post(body, { headers }));
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(await second.text()).toBe(await first.text());
    const tokens = (await recordOf(app)).map(({ counts }) => counts.completionTokens);
    expect(tokens.toSorted((a, b) => a - b)).toEqual([0, 9]);
  });
});
