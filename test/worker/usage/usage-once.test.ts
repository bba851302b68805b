import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import type { TargetLm } from "../../../src/generation/target-lm.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { fakeTargetLm, type FakeScript } from "../../support/fake-target-lm.ts";
import { createMeteredApp, ledgerObject, type MeteredApp, type UsageRow, usageRows, withKey } from "./metered-app.ts";

const CHAT = "/v1/chat/completions";
const messages = [{ role: "user", content: "What purrs?" }];
const told = { type: "usage", usage: { prompt_tokens: 40, completion_tokens: 9, total_tokens: 49 } } as const;

const SCRIPTS: Readonly<Record<string, FakeScript>> = {
  told: ["Cats", " purr.", told],
  untold: ["Cats", " purr."],
  down: [new AppError("upstream_unavailable", "down")],
  cut: ["Cats", new AppError("upstream_cut", "cut")],
  slow: [new AppError("upstream_timeout", "slow")],
  garbage: ["Cats", new AppError("upstream_malformed", "garbage")],
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

/** Says nothing until it is aborted; then a word, which comes too late. */
const mute: TargetLm = {
  ...fakeTargetLm({ name: "mute" }),
  async *generate(_request, { signal }) {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    yield { type: "text-delta", choice: 0, text: "Dogs bark loudly all night long." };
    yield { type: "end", model: "mute" };
  },
};

const TARGET_LMS = JSON.stringify(
  Object.fromEntries(
    [...Object.keys(SCRIPTS), "silent", "fallback", "hedged"].map((name) => [name, { provider: "extractive" }]),
  ),
);
const PRICES = JSON.stringify({
  models: { told: { prompt_per_million: 1, completion_per_million: 10 } },
  retrieval_per_thousand: 1,
});

function targetLms(name: string): [TargetLm, ...TargetLm[]] {
  if (name === "silent") {
    return [silent];
  }
  if (name === "fallback") {
    return [
      fakeTargetLm({ name: "down", script: SCRIPTS["down"] ?? [] }),
      fakeTargetLm({ name: "told", script: SCRIPTS["told"] ?? [] }),
    ];
  }
  if (name === "hedged") {
    return [{ ...mute, hedgeAfterMs: 20 }, fakeTargetLm({ name: "told", script: SCRIPTS["told"] ?? [] })];
  }
  const script = SCRIPTS[name];
  if (script === undefined) {
    throw new AppError("unknown_model", `no model named "${name}"`);
  }
  return [fakeTargetLm({ name, script })];
}

function createApp(variables: Readonly<Record<string, string>> = {}): MeteredApp {
  return createMeteredApp({
    variables: { TARGET_LMS, PRICES, DEFAULT_MODEL: "told", ...variables },
    dependencies: { targetLms },
  });
}

/** What a request is, and what its record says. */
type Case = readonly [what: string, call: (app: MeteredApp, key: string) => Promise<void>, expected: Partial<UsageRow>];

const answer = (body: object) => async (app: MeteredApp, key: string) => {
  const response = await app.fetch(CHAT, withKey(key, { messages, ...body }));
  await response.text();
};

const CASES: readonly Case[] = [
  [
    "an answer whose tokens the provider tells",
    answer({}),
    {
      outcome: "completed",
      status: 200,
      model: "told",
      target: "told",
      counted_by: "provider",
      retrievals: 1,
      embed_tokens: 5,
      vectors_queried: 100,
      prompt_tokens: 40,
      completion_tokens: 9,
      // 40 at 1,000 and 9 at 10,000, and a search at 1,000,000 thousand-millionths of a dollar.
      nano_usd: 1_130_000,
    },
  ],
  [
    "the same as a stream",
    answer({ stream: true }),
    { outcome: "completed", completion_tokens: 9, nano_usd: 1_130_000 },
  ],
  [
    "an answer whose tokens nobody tells",
    answer({ model: "untold", stream: true }),
    { outcome: "completed", counted_by: "estimate", completion_tokens: 3 },
  ],
  ["without retrieval", answer({ retrieval: false }), { retrievals: 0, context_tokens: 0, nano_usd: 130_000 }],
  [
    "an upstream that is down",
    answer({ model: "down", stream: true }),
    { outcome: "failed", status: 502, error_code: "upstream_unavailable", prompt_tokens: 0, completion_tokens: 0 },
  ],
  [
    "an upstream that is cut, in a stream",
    answer({ model: "cut", stream: true }),
    { outcome: "failed", status: 200, error_code: "upstream_cut", counted_by: "estimate", completion_tokens: 1 },
  ],
  [
    "an upstream that is too slow",
    answer({ model: "slow" }),
    { outcome: "failed", status: 504, error_code: "upstream_timeout", prompt_tokens: 0, completion_tokens: 0 },
  ],
  [
    "an upstream that sends garbage, in a stream",
    answer({ model: "garbage", stream: true }),
    { outcome: "failed", status: 200, error_code: "upstream_malformed", completion_tokens: 1 },
  ],
  [
    "one of two models in a race: the other counts for nothing",
    answer({ model: "hedged", stream: true }),
    { outcome: "completed", model: "hedged", target: "told", completion_tokens: 9, nano_usd: 1_130_000 },
  ],
  [
    "a fallback that answers",
    answer({ model: "fallback" }),
    { outcome: "completed", model: "fallback", target: "told", completion_tokens: 9, nano_usd: 1_130_000 },
  ],
  [
    "a rewritten query, which is a call of the model too",
    answer({ retrieval: { rewrite: true } }),
    { outcome: "completed", prompt_tokens: 80, completion_tokens: 18 },
  ],
  [
    "a body that is no JSON",
    async (app, key) => void (await app.fetch(CHAT, withKey(key, undefined, { method: "POST", body: "{" }))),
    { outcome: "failed", status: 400, error_code: "invalid_json" },
  ],
  [
    "an unknown model",
    answer({ model: "nobody" }),
    { outcome: "failed", status: 404, error_code: "unknown_model", model: "" },
  ],
  [
    "a route that wants another scope",
    async (app, key) => void (await app.fetch("/v1/admin/keys", withKey(key))),
    { outcome: "failed", status: 403, error_code: "forbidden" },
  ],
  [
    "a search",
    async (app, key) => void (await app.fetch("/v1/retrieve", withKey(key, { query: "purr" }))),
    { outcome: "completed", model: "", retrievals: 1, embed_tokens: 5 },
  ],
  [
    "embeddings",
    async (app, key) => void (await app.fetch("/v1/embeddings", withKey(key, { input: ["cats purr", "dogs"] }))),
    { outcome: "completed", model: "fake-encoder", retrievals: 0, embed_tokens: 7 },
  ],
  [
    "a client that leaves in the middle of a stream",
    async (app, key) => {
      const response = await app.fetch(CHAT, withKey(key, { messages, model: "silent", stream: true }));
      const reader = response.body?.getReader();
      await reader?.read();
      await reader?.cancel();
    },
    { outcome: "aborted", status: 200, counted_by: "estimate", completion_tokens: 1 },
  ],
  [
    "a client that leaves before an answer in one piece",
    async (app, key) => {
      const leave = new AbortController();
      const asked = app.fetch(CHAT, withKey(key, { messages, model: "silent" }, { signal: leave.signal }));
      setTimeout(() => leave.abort(), 20);
      await asked.then((response) => response.text()).catch(() => undefined);
    },
    { outcome: "aborted", status: 499, error_code: "aborted", completion_tokens: 1 },
  ],
];

describe("a request leaves one usage record", () => {
  it.for(CASES)("%s", async ([, call, expected], { expect }) => {
    const app = createApp();
    const { id, key } = await app.createKey();
    await call(app, key);
    await app.settled();
    await ledgerObject(id).flush();
    const rows = await usageRows(id);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject(expected);
  });

  it("also when its client leaves while passages are searched", async ({ expect }) => {
    const leave = new AbortController();
    const app = createMeteredApp({
      dependencies: {
        retriever: {
          retrieve: ({ signal }) =>
            new Promise((_resolve, reject) => {
              signal?.addEventListener("abort", () => reject(new AppError("aborted", "the client went away")));
              leave.abort();
            }),
        },
      },
    });
    const { id, key } = await app.createKey();
    await app.fetch(CHAT, withKey(key, { messages }, { signal: leave.signal })).catch(() => undefined);
    await app.settled();
    await ledgerObject(id).flush();
    expect(await usageRows(id)).toMatchObject([{ outcome: "aborted", retrievals: 0, prompt_tokens: 0 }]);
  });

  it("and refused ones too, which have used nothing", async ({ expect }) => {
    const app = createApp({ RATE_TIERS: '{"one":{"requests_per_minute":1}}' });
    const { id, key } = await app.createKey({ tier: "one" });
    await answer({})(app, key);
    await answer({})(app, key);
    await app.settled();
    await ledgerObject(id).flush();
    const rows = await usageRows(id);
    expect(rows.map(({ outcome, status, nano_usd: cost }) => [outcome, status, cost])).toEqual(
      expect.arrayContaining([
        ["completed", 200, 1_130_000],
        ["refused", 429, 0],
      ]),
    );
    expect(rows).toHaveLength(2);
  });
});

describe("what is counted is not lost", () => {
  it("by an object that is evicted or aborted before it has handed over", async ({ expect }) => {
    const app = createApp();
    const { id, key } = await app.createKey();
    await answer({})(app, key);
    await app.settled();
    await evictDurableObject(ledgerObject(id));
    await answer({})(app, key);
    await app.settled();
    await abortAllDurableObjects();
    await ledgerObject(id).flush();
    expect(await usageRows(id)).toHaveLength(2);
  });

  it("by a database that fails: the alarm hands over when it is back", async ({ expect }) => {
    const app = createApp();
    const { id, key } = await app.createKey();
    await answer({})(app, key);
    await app.settled();
    await env.DB.exec("ALTER TABLE usage_records RENAME TO usage_records_away");
    await runDurableObjectAlarm(ledgerObject(id));
    await env.DB.exec("ALTER TABLE usage_records_away RENAME TO usage_records");
    expect(await usageRows(id)).toHaveLength(0);
    expect(await runDurableObjectAlarm(ledgerObject(id))).toBe(true);
    expect(await runDurableObjectAlarm(ledgerObject(id))).toBe(false);
    expect(await usageRows(id)).toHaveLength(1);
  });

  it("nor is it counted twice when it is handed over at the same time by many", async ({ expect }) => {
    const app = createApp();
    const { id, key } = await app.createKey();
    await Promise.all(Array.from({ length: 20 }, () => answer({})(app, key)));
    await app.settled();
    await Promise.all(Array.from({ length: 5 }, () => ledgerObject(id).flush()));
    expect(await usageRows(id)).toHaveLength(20);
    const response = await app.fetch("/v1/usage?group_by=key,model", withKey(key));
    expect(await response.json()).toMatchObject({
      data: [{ key: id, model: "told", requests: 20, completion_tokens: 180, cost_usd: 0.0226 }],
    });
  });
});
