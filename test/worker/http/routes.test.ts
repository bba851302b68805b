import { beforeAll, describe, it } from "vitest";
import { SMALL_COLLECTION, SMALL_PASSAGES, uploadSmallCollection } from "../../support/small-collection.ts";
import { callWorker, framesOf } from "./call-worker.ts";

// Against the Worker of wrangler.toml: real encoder, D1, Durable Object. Local mode, target LM `extractive`.
const QUESTION = "Which country has the longest coastline?";
const messages = [{ role: "user", content: QUESTION }];
const retrieval = { collection: SMALL_COLLECTION };

let fingerprint: string;
beforeAll(async () => {
  fingerprint = await uploadSmallCollection("", { call: callWorker });
});

describe("GET /health", () => {
  it("tells mode, fingerprints, and that nobody needs a key", async ({ expect }) => {
    const { status, json } = await callWorker("/health");
    expect(status).toBe(200);
    expect(json).toMatchObject({
      status: "ok",
      mode: "local",
      authentication: "open",
      encoder: { fingerprint, dims: 384 },
    });
    expect(json.warnings.join()).toContain("API_KEYS");
  });
});

describe("POST /v1/retrieve", () => {
  it.for(["dense", "lexical", "hybrid"] as const)(
    "%s finds the passage, with the place each leg gave it",
    async (mode, { expect }) => {
      const { status, json, headers } = await callWorker("/v1/retrieve", {
        body: { query: QUESTION, mode, top_k: 2, ...retrieval },
      });
      expect(status).toBe(200);
      expect(json).toMatchObject({
        object: "retrieval",
        mode,
        collection: SMALL_COLLECTION,
        degraded: [],
        notices: [],
      });
      const { text, title, url, metadata } = SMALL_PASSAGES[0];
      expect(json.data[0]).toMatchObject({ id: "canada-coast", rank: 1, text, title, url, metadata });
      expect(json.data).toHaveLength(2);
      expect([json.data[0].dense?.rank, json.data[0].lexical?.rank]).toEqual(
        { dense: [1, undefined], lexical: [undefined, 1], hybrid: [1, 1] }[mode],
      );
      expect(headers.get("server-timing")).toMatch(/total;dur=[\d.]+$/);
    },
  );

  it("filters, and drops what scores below min_score", async ({ expect }) => {
    const filtered = await callWorker("/v1/retrieve", {
      body: { query: QUESTION, filter: { country: { $in: ["Norway"] } }, ...retrieval },
    });
    expect(filtered.json.data.map(({ id }: { id: string }) => id)).toEqual(["norway-coast"]);
    const scored = await callWorker("/v1/retrieve", {
      body: { query: QUESTION, mode: "dense", min_score: 0.65, ...retrieval },
    });
    expect(scored.json.data.map(({ id }: { id: string }) => id)).toEqual(["canada-coast"]);
  });

  it("says that a filter on a property without an index finds nothing, as chat completions do", async ({ expect }) => {
    const filter = { nokey: "x" };
    const notice = { code: "filter_matched_nothing", message: expect.stringContaining("nokey") };
    const found = await callWorker("/v1/retrieve", { body: { query: QUESTION, filter, ...retrieval } });
    expect(found.json).toMatchObject({ data: [], notices: [notice] });
    const answered = await callWorker("/v1/chat/completions", {
      body: { messages, retrieval: { ...retrieval, filter } },
    });
    expect(answered.json.retrieval).toMatchObject({ passages: [], notices: [notice] });
  });

  it("clamps a top_k of 1e9 and says so", async ({ expect }) => {
    const { status, json } = await callWorker("/v1/retrieve", { body: { query: QUESTION, top_k: 1e9, ...retrieval } });
    expect(status).toBe(200);
    expect(json.notices).toMatchObject([{ code: "top_k_clamped" }]);
    expect(json.data).toHaveLength(SMALL_PASSAGES.length);
  });
});

describe("POST /v1/chat/completions", () => {
  it("streams passages first, then cited text, then [DONE]", async ({ expect }) => {
    const { status, headers, text } = await callWorker("/v1/chat/completions", {
      body: { messages, retrieval, stream: true },
    });
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const frames = framesOf(text);
    expect(frames[0]).toMatchObject({
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
      retrieval: { query: QUESTION, passages: [{ number: 1, id: "canada-coast" }, {}, {}] },
    });
    expect(text).toContain('"passage_id":"canada-coast"');
    expect(frames.at(-1)).toBe("[DONE]");
  });

  it("answers in one piece, with the annotation's indices on the mark", async ({ expect }) => {
    const { json } = await callWorker("/v1/chat/completions", { body: { model: "extractive", messages, retrieval } });
    const { content, annotations } = json.choices[0].message;
    const { start_index, end_index, url } = annotations[0].url_citation;
    expect(content.slice(start_index, end_index)).toBe("[1]");
    expect(url).toBe(SMALL_PASSAGES[0].url);
    expect(json.citations[0]).toBe(url);
  });

  it("takes a file_search tool for the retrieval options", async ({ expect }) => {
    const tool = {
      type: "file_search",
      vector_store_ids: [SMALL_COLLECTION],
      max_num_results: 1,
      filters: {
        type: "or",
        filters: [
          { type: "eq", key: "country", value: "Norway" },
          { type: "eq", key: "country", value: "Chad" },
        ],
      },
      ranking_options: { hybrid_search: { embedding_weight: 1, text_weight: 0 } },
    };
    const { json } = await callWorker("/v1/chat/completions", { body: { messages, tools: [tool] } });
    expect(json.retrieval).toMatchObject({ mode: "dense", passages: [{ id: "norway-coast" }] });
    expect(json.retrieval.passages).toHaveLength(1);
  });
});

describe("POST /v1/embeddings", () => {
  it("embeds passages or queries, alone or many", async ({ expect }) => {
    const one = await callWorker("/v1/embeddings", { body: { input: "Ouagadougou", dimensions: 384 } });
    expect(one.json).toMatchObject({
      object: "list",
      model: "all-minilm-l6-v2-int8",
      data: [{ object: "embedding", index: 0 }],
    });
    const two = await callWorker("/v1/embeddings", { body: { input: ["Oslo", "Ouagadougou"], input_type: "query" } });
    expect(two.json.data[1].embedding).toEqual(one.json.data[0].embedding);
    expect(two.json.usage.total_tokens).toBeGreaterThan(one.json.usage.total_tokens);
  });
});

describe("GET /v1/models", () => {
  it("lists targets and encoders; one of them is found by its name", async ({ expect }) => {
    const { json } = await callWorker("/v1/models");
    expect(json.data.map(({ id }: { id: string }) => id)).toEqual([
      "extractive",
      "all-minilm-l6-v2-int8",
      "all-minilm-l6-v2-tiny-int8",
    ]);
    expect((await callWorker("/v1/models/extractive")).json).toEqual(json.data[0]);
  });
});

describe("GET /openapi.json", () => {
  it("describes every route, with the limits that are enforced", async ({ expect }) => {
    const { json } = await callWorker("/openapi.json");
    expect(Object.keys(json.paths)).toEqual(
      expect.arrayContaining([
        "/health",
        "/v1/admin/collections",
        "/v1/admin/collections/{name}",
        "/v1/admin/collections/{name}/adapters",
        "/v1/admin/collections/{name}/adapters/{adapter}",
        "/v1/admin/collections/{name}/feedback",
        "/v1/admin/collections/{name}/passages",
        "/v1/admin/collections/{name}/query-side",
        "/v1/admin/collections/{name}/shadow",
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/feedback",
        "/v1/models",
        "/v1/models/{model}",
        "/v1/query-side",
        "/v1/retrieve",
      ]),
    );
    expect(json.components.schemas.RetrieveRequest.properties).toMatchObject({
      query: { maxLength: 8192 },
      top_k: { minimum: 1 },
    });
  });
});

describe("pages", () => {
  it.for([
    ["/", "AAR playground", "/playground/app.js"],
    ["/admin", "AAR admin", "/admin/app.js"],
  ] as const)("%s is %s, which may load nothing from elsewhere", async ([path, title, script], { expect }) => {
    const { status, headers, text } = await callWorker(path);
    expect(text).toContain(`<title>${title}</title>`);
    expect(status).toBe(200);
    expect(text).toContain("<!doctype html>");
    expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*script-src 'self'/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect((await callWorker(script)).headers.get("content-type")).toContain("javascript");
  });

  it.for([
    "/encoder/manifest.json",
    "/playground/../encoder/model_int8.edge",
    "/playground/%2e%2e%2fencoder%2fmanifest.json",
    "/admin/%2e%2e%2fencoder%2fmanifest.json",
    "/admin/app.js/x",
    "/worker-configuration.d.ts",
  ])("does not serve %s", async (path, { expect }) => {
    const { status, json } = await callWorker(path);
    expect([status, json?.error.code]).toEqual([404, "unknown_route"]);
  });
});
