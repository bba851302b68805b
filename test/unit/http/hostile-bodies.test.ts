import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { AppDependencies } from "../../../src/http/app-dependencies.ts";
import { answerQuery } from "../../../src/rag/answer-query.ts";
import { createTestApp } from "../../support/test-app.ts";

const any = fc.jsonValue({ maxDepth: 3 });
const text = fc.oneof(fc.constantFrom("What purrs?", "", "[1]", "\u0000", "\ud800"), fc.string());
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 15, arbitrary: value }, any);

const BLOCK_TYPES = [
  "text",
  "input_text",
  "output_text",
  "refusal",
  "image",
  "input_image",
  "search_result",
  "document",
  "thinking",
  "tool_use",
  "tool_result",
  "function_call",
  "function_call_output",
  "item_reference",
  "message",
] as const;

/** A block or part of any protocol: a type that is known, and fields that may be its own or not. */
const block = fc.record(
  {
    type: fc.constantFrom(...BLOCK_TYPES),
    text: maybe(text),
    refusal: maybe(text),
    source: fc.oneof(
      text,
      fc.record({ type: fc.constantFrom("base64", "url", "text", "content"), data: maybe(text), url: maybe(text) }),
      any,
    ),
    title: maybe(text),
    content: fc.oneof(text, fc.array(fc.record({ type: fc.constant("text"), text: maybe(text) })), any),
    id: maybe(text),
    call_id: maybe(text),
    tool_use_id: maybe(text),
    name: maybe(text),
    arguments: maybe(text),
    output: maybe(text),
    input: any,
    role: fc.constantFrom("user", "assistant", "system", "developer", "wizard"),
  },
  { requiredKeys: ["type"] },
);
const message = fc.record({
  role: fc.constantFrom("user", "assistant", "system", "developer", "tool", "wizard"),
  content: fc.oneof(text, fc.array(block, { maxLength: 3 }), any),
});
const tool = fc.oneof(
  fc.record(
    {
      type: fc.constantFrom("function", "file_search", "custom", "web_search"),
      name: maybe(text),
      vector_store_ids: maybe(fc.constant(["animals"])),
      filters: any,
    },
    { requiredKeys: [] },
  ),
  any,
);
const more = {
  model: maybe(fc.constantFrom("extractive")),
  stream: maybe(fc.boolean()),
  tools: maybe(fc.array(tool, { maxLength: 2 })),
  tool_choice: maybe(fc.record({ type: fc.constantFrom("auto", "any", "tool", "function", "file_search") })),
  retrieval: maybe(fc.oneof(fc.boolean(), fc.record({ top_k: fc.integer() }))),
  metadata: maybe(fc.constant({ team: "ops" })),
  text: maybe(fc.constant({ format: { type: "text" } })),
  reasoning: maybe(fc.constant({ effort: "low" })),
  max_tokens: maybe(fc.nat()),
  max_output_tokens: maybe(fc.nat()),
};
const rpc = fc.record(
  {
    jsonrpc: fc.constant("2.0"),
    id: maybe(fc.nat()),
    method: fc.oneof(
      fc.constantFrom("initialize", "tools/list", "tools/call", "ping", "subscriptions/listen", "server/discover"),
      text,
    ),
    params: fc.oneof(
      fc.record({
        name: fc.constantFrom("search", "fetch", "x"),
        arguments: fc.oneof(fc.record({ query: maybe(text), id: maybe(text) }), any),
      }),
      any,
    ),
  },
  { requiredKeys: ["jsonrpc"] },
);

const BODIES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  "/v1/messages": fc.record(
    { messages: fc.array(message, { maxLength: 3 }), system: maybe(text), ...more },
    { requiredKeys: ["messages"] },
  ),
  "/v1/responses": fc.record(
    { input: fc.oneof(text, fc.array(fc.oneof(message, block), { maxLength: 3 })), instructions: maybe(text), ...more },
    { requiredKeys: ["input"] },
  ),
  "/retrieval": fc.record({
    knowledge_id: maybe(fc.constant("animals")),
    query: maybe(text),
    retrieval_setting: maybe(fc.record({ top_k: maybe(fc.nat()), score_threshold: maybe(fc.double()) })),
    metadata_condition: maybe(
      fc.record({
        logical_operator: maybe(fc.constantFrom("and", "or")),
        conditions: maybe(
          fc.array(
            fc.record({
              name: maybe(text),
              comparison_operator: fc.constantFrom("is", "in", ">", "start with", "empty"),
              value: any,
            }),
            { maxLength: 2 },
          ),
        ),
      }),
    ),
  }),
  "/mcp": fc.oneof(rpc, fc.array(rpc, { maxLength: 2 }), any),
};

/** One of each that comes through, so that not all of a run are refused. */
const PLAIN: Readonly<Record<string, unknown>> = {
  "/v1/messages": { messages: [{ role: "user", content: "What purrs?" }], max_tokens: 10 },
  "/v1/responses": { input: "What purrs?" },
  "/retrieval": {
    knowledge_id: "animals",
    query: "What purrs?",
    retrieval_setting: { top_k: 1, score_threshold: 0 },
  },
  "/mcp": { jsonrpc: "2.0", id: 1, method: "ping" },
};

describe("bodies of all kinds", () => {
  it.for(Object.entries(BODIES))(
    "are answered or refused by %s, never met by a defect",
    async ([path, body], { expect }) => {
      const { fetch } = createTestApp({
        answer: answerQuery,
        dependencies: {
          documents: {
            catalog: { get: () => Promise.resolve([]), passages: () => Promise.resolve([]) },
          } as unknown as AppDependencies["documents"],
        },
      });
      const seen = new Set<number>();
      await fc.assert(
        fc.asyncProperty(body, async (sent) => {
          const response = await fetch(path, {
            method: "POST",
            headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
            body: JSON.stringify(sent),
          });
          const reply = await response.text();
          seen.add(response.status);
          expect(response.status).toBeLessThan(500);
          // Nor inside of a stream.
          expect(reply).not.toContain("unexpected error");
        }),
        { numRuns: 300, examples: [[PLAIN[path]]] },
      );
      // Bodies that come through, and bodies that do not.
      expect([...seen]).toEqual(expect.arrayContaining([200, 400]));
    },
  );
});
