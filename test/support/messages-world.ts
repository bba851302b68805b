import type { MessageCreateParamsNonStreaming } from "@anthropic-ai/sdk/resources";
import { answerQuery } from "../../src/rag/answer-query.ts";
import { fakeRetriever } from "./fake-retriever.ts";
import { type FakeScript, type FakeTargetLm, fakeTargetLm } from "./fake-target-lm.ts";
import { retrievedPassages } from "./retrieved-passages.ts";
import { createTestApp, type TestApp } from "./test-app.ts";

const PASSAGES = retrievedPassages([
  { title: "Canada", text: "Canada's coast is 202,080 km long.", url: "https://example.test/canada" },
  { title: "Norway", text: "Norway's coast is 25,148 km long." },
]);
export const ASK: MessageCreateParamsNonStreaming = {
  model: "extractive",
  max_tokens: 100,
  messages: [{ role: "user", content: "Which coast is the longest?" }],
};
/** Cites the first passage and the second, and a ninth that there is not. */
export const SAID: FakeScript = [
  "Canada's is",
  " the longest [1",
  "]. Norway follows [",
  "2], they say [9].",
  { type: "usage", usage: { prompt_tokens: 40, completion_tokens: 9, prompt_tokens_details: { cached_tokens: 30 } } },
];

export interface MessagesWorld extends TestApp {
  readonly target: FakeTargetLm;
}

/** An app whose one target LM follows a script. */
export function messagesWorld(
  script: FakeScript = SAID,
  { variables = {}, ...options }: { variables?: Record<string, string>; provider?: string } = {},
): MessagesWorld {
  const target = fakeTargetLm({ name: "extractive", script, ...options });
  const dependencies = { targetLms: () => [target] as const, retriever: fakeRetriever(PASSAGES) };
  return { ...createTestApp({ answer: answerQuery, dependencies, variables }), target };
}

/** A citation of a search result with one block. */
export const location = (index: number, text: string, title: string, source: string) => ({
  type: "search_result_location",
  search_result_index: index,
  start_block_index: 0,
  end_block_index: 1,
  cited_text: text,
  title,
  source,
});
export const CANADA = location(0, "Canada's coast is 202,080 km long.", "Canada", "https://example.test/canada");
