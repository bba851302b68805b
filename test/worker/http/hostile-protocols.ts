import * as fc from "fast-check";
import type { CallOptions } from "./call-worker.ts";
import { FOREIGN, hostileFilter, hostileId, hostileName, QUERY } from "./hostile-input.ts";

export interface HostileRequest {
  readonly path: string;
  readonly options: CallOptions;
}

/** A conversation that asks for it. */
export const messages = [{ role: "user", content: QUERY }];
/** The extension field of requests that have answers. */
export const retrieval = fc.record(
  {
    collection: hostileName,
    filter: hostileFilter,
    mode: fc.constantFrom("lexical", "hybrid"),
    top_k: fc.constant(50),
  },
  { requiredKeys: ["mode"] },
);

/** A call of a tool at /mcp. */
export function callOfTool(name: string, args: object): CallOptions {
  return {
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } },
  };
}

/** Requests in the protocols of other people's clients. */
export const protocolRequest: fc.Arbitrary<HostileRequest> = fc.oneof(
  retrieval.map((value) => ({ path: "/v1/responses", options: { body: { input: QUERY, retrieval: value } } })),
  fc.tuple(hostileName, hostileFilter).map(([name, filters]) => ({
    path: "/v1/responses",
    options: {
      body: {
        input: QUERY,
        include: ["file_search_call.results"],
        tools: [{ type: "file_search", vector_store_ids: [name], filters }],
      },
    },
  })),
  retrieval.map((value) => ({
    path: "/v1/messages",
    options: { body: { messages, max_tokens: 100, retrieval: value } },
  })),
  fc.tuple(hostileName, hostileId, fc.boolean()).map(([name, id, isSearch]) => ({
    path: `/mcp?collection=${encodeURIComponent(name)}`,
    options: callOfTool(isSearch ? "search" : "fetch", isSearch ? { query: QUERY } : { id }),
  })),
  fc.tuple(hostileName, fc.constantFrom("Zanzibar", "Norway", FOREIGN)).map(([name, value]) => ({
    path: "/retrieval",
    options: {
      body: {
        knowledge_id: name,
        query: QUERY,
        retrieval_setting: { top_k: 50, score_threshold: 0 },
        metadata_condition: { conditions: [{ name: "country", comparison_operator: "is not", value }] },
      },
    },
  })),
);
