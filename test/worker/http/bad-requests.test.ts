import { describe, it } from "vitest";
import { type CallOptions, callWorker } from "./call-worker.ts";

const messages = [{ role: "user", content: "Which country has the longest coastline?" }];

type BadInput = readonly [
  what: string,
  path: string,
  options: CallOptions,
  status: number,
  code: string,
  param: string | null,
];

const RETRIEVE = "/v1/retrieve";
const CHAT = "/v1/chat/completions";
const EMBEDDINGS = "/v1/embeddings";

const CLIENT_TABLE: readonly BadInput[] = [
  ["not JSON", RETRIEVE, { body: "{query: no" }, 400, "invalid_json", null],
  ["no body", CHAT, { method: "POST" }, 400, "invalid_json", null],
  ["JSON that is no object", CHAT, { body: "[1]" }, 400, "invalid_request", null],
  ["a 5 MB body", RETRIEVE, { body: { query: "x".repeat(5 * 1024 * 1024) } }, 413, "body_too_large", null],
  [
    "a 5 MB conversation",
    CHAT,
    { body: { messages: [{ role: "user", content: "x".repeat(5 * 1024 * 1024) }] } },
    413,
    "body_too_large",
    null,
  ],
  ["an empty query", RETRIEVE, { body: { query: "" } }, 400, "invalid_request", "query"],
  ["a query of blanks", RETRIEVE, { body: { query: " \n\t" } }, 400, "invalid_request", "query"],
  ["no query", RETRIEVE, { body: {} }, 400, "invalid_request", "query"],
  [
    "a query of 100,000 characters",
    RETRIEVE,
    { body: { query: "coast ".repeat(16_667) } },
    400,
    "query_too_long",
    "query",
  ],
  [
    "a question of 100,000 characters",
    CHAT,
    {
      body: {
        messages: [{ role: "user", content: "coast ".repeat(16_667) }],
        retrieval: {},
      },
    },
    400,
    "query_too_long",
    "messages",
  ],
  [
    "an unknown collection",
    RETRIEVE,
    { body: { query: "q", collection: "nowhere" } },
    404,
    "unknown_collection",
    "collection",
  ],
  [
    "an unknown collection in a chat",
    CHAT,
    { body: { messages, retrieval: { collection: "nowhere" }, stream: true } },
    404,
    "unknown_collection",
    "retrieval.collection",
  ],
  [
    "an unknown vector store",
    CHAT,
    { body: { messages, tools: [{ type: "file_search", vector_store_ids: ["nowhere"] }] } },
    404,
    "unknown_collection",
    "tools",
  ],
  [
    "an unknown operator",
    RETRIEVE,
    { body: { query: "q", filter: { country: { $like: "N" } } } },
    400,
    "invalid_filter",
    "filter",
  ],
  [
    "a filter that is no object",
    RETRIEVE,
    { body: { query: "q", filter: "country=Norway" } },
    400,
    "invalid_request",
    "filter",
  ],
  [
    "a filter of 3 KB",
    RETRIEVE,
    { body: { query: "q", filter: { country: "x".repeat(3000) } } },
    400,
    "invalid_filter",
    "filter",
  ],
  [
    "an invalid filter in a chat",
    CHAT,
    { body: { messages, retrieval: { filter: { $or: [] } } } },
    400,
    "invalid_filter",
    "retrieval.filter",
  ],
  [
    "a file_search filter beyond Vectorize",
    CHAT,
    {
      body: {
        messages,
        tools: [
          {
            type: "file_search",
            vector_store_ids: ["x"],
            filters: { type: "or", filters: [{ type: "gt", key: "a", value: 1 }] },
          },
        ],
      },
    },
    400,
    "invalid_filter",
    "tools",
  ],
  ["top_k 0", RETRIEVE, { body: { query: "q", top_k: 0 } }, 400, "invalid_request", "top_k"],
  ["top_k -1", RETRIEVE, { body: { query: "q", top_k: -1 } }, 400, "invalid_request", "top_k"],
  ["top_k 1.5", RETRIEVE, { body: { query: "q", top_k: 1.5 } }, 400, "invalid_request", "top_k"],
  ['top_k "x"', RETRIEVE, { body: { query: "q", top_k: "x" } }, 400, "invalid_request", "top_k"],
  [
    "top_k 0 in a chat",
    CHAT,
    { body: { messages, retrieval: { top_k: 0 } } },
    400,
    "invalid_request",
    "retrieval.top_k",
  ],
  ["an unknown mode", RETRIEVE, { body: { query: "q", mode: "magic" } }, 400, "invalid_request", "mode"],
  ["a misspelt field", RETRIEVE, { body: { query: "q", topk: 3 } }, 400, "invalid_request", "topk"],
  [
    "a misspelt field of retrieval",
    CHAT,
    { body: { messages, retrieval: { topk: 3 } } },
    400,
    "invalid_request",
    "retrieval.topk",
  ],
  ["an unknown model", CHAT, { body: { messages, model: "gpt-99" } }, 404, "unknown_model", "model"],
  [
    "an unknown model in a stream",
    CHAT,
    { body: { messages, model: "gpt-99", stream: true } },
    404,
    "unknown_model",
    "model",
  ],
  ["no messages", CHAT, { body: { messages: [] } }, 400, "invalid_request", "messages"],
  [
    "a message without a role",
    CHAT,
    { body: { messages: [{ content: "hi" }] } },
    400,
    "invalid_request",
    "messages.0.role",
  ],
  [
    "retrieval and file_search at once",
    CHAT,
    { body: { messages, retrieval: {}, tools: [{ type: "file_search", vector_store_ids: ["x"] }] } },
    400,
    "invalid_request",
    "retrieval",
  ],
  [
    "two vector stores",
    CHAT,
    { body: { messages, tools: [{ type: "file_search", vector_store_ids: ["x", "y"] }] } },
    400,
    "invalid_request",
    "tools.0.vector_store_ids",
  ],
  ["token ids to embed", EMBEDDINGS, { body: { input: [[1, 2, 3]] } }, 400, "invalid_request", "input"],
  ["an empty text to embed", EMBEDDINGS, { body: { input: "" } }, 400, "invalid_request", "input"],
  [
    "more text to embed than a request may take",
    EMBEDDINGS,
    {
      body: {
        input: Array.from(
          { length: 1024 },
          () => "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
        ),
      },
    },
    400,
    "invalid_request",
    "input",
  ],
  [
    "1025 texts to embed",
    EMBEDDINGS,
    { body: { input: Array.from({ length: 1025 }, () => "a") } },
    400,
    "invalid_request",
    "input",
  ],
  ["fewer dimensions", EMBEDDINGS, { body: { input: "a", dimensions: 256 } }, 400, "invalid_request", "dimensions"],
  ["an unknown embedding model", EMBEDDINGS, { body: { input: "a", model: "ada" } }, 404, "unknown_model", "model"],
  ["an unknown model to look up", "/v1/models/gpt-99", {}, 404, "unknown_model", "model"],
  ["an unknown path", "/v1/unknown", {}, 404, "unknown_route", null],
  ["a wrong method", CHAT, { method: "GET" }, 405, "method_not_allowed", null],
];

describe("bad input of clients is refused with the field at fault", () => {
  it.for(CLIENT_TABLE)("%s to %s", async ([, path, options, status, code, param], { expect }) => {
    const reply = await callWorker(path, options);
    expect(reply.json?.error).toMatchObject({ code, param, type: "invalid_request_error" });
    expect(reply.status).toBe(status);
    expect(reply.json.error.message.length).toBeGreaterThan(10);
    expect(reply.text).not.toMatch(/\.ts:\d|\bat \w+ \(/);
    expect(reply.headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
    expect(reply.headers.get("x-should-retry")).toBe("false");
  });
});
