import type { ChatMessage } from "../../src/generation/target-lm.ts";
import type { AnswerEvent } from "../../src/rag/answer-event.ts";
import { answerQuery, type AnswerRequest, type AnswerRetrieval } from "../../src/rag/answer-query.ts";
import { fakeRetriever, type FakeRetriever } from "./fake-retriever.ts";
import { fakeTargetLm } from "./fake-target-lm.ts";
import { collectionOf } from "./passages.ts";
import { retrievedPassages } from "./retrieved-passages.ts";

export const PASSAGES = retrievedPassages([
  { title: "Canada", text: "Canada's coast is 202,080 km long." },
  { title: "Norway", text: "Norway's coast is 25,148 km long." },
]);
export const QUESTION: ChatMessage = { role: "user", content: "Which country has the longest coastline?" };

interface RunOptions extends Omit<Partial<AnswerRequest>, "retrieval"> {
  readonly retrieval?: Partial<AnswerRetrieval> | false;
  readonly retriever?: FakeRetriever;
}

export function run({
  retrieval,
  retriever = fakeRetriever(PASSAGES),
  ...request
}: RunOptions = {}): AsyncGenerator<AnswerEvent> {
  return answerQuery(
    {
      targets: [fakeTargetLm()],
      messages: [QUESTION],
      parameters: {},
      stream: true,
      retrieval:
        retrieval === false
          ? false
          : { collection: collectionOf(), mode: "hybrid", topK: 5, onError: "degrade", ...retrieval },
      signal: new AbortController().signal,
      ...request,
    },
    { retriever, createNonce: () => "nonce" },
  );
}

export async function collect(events: AsyncIterable<AnswerEvent>): Promise<AnswerEvent[]> {
  return await Array.fromAsync(events);
}

/** The text as a client sees it, with what each citation covers. */
export function rendered(
  events: readonly AnswerEvent[],
  choice = 0,
): { readonly text: string; readonly cited: readonly string[] } {
  let text = "";
  const spans: (readonly [number: number, start: number, end: number])[] = [];
  for (const event of events) {
    if (event.type === "text-delta" && event.choice === choice) {
      text += event.text;
    } else if (event.type === "citation" && event.choice === choice) {
      spans.push([event.citation.passageNumber, event.citation.startIndex, event.citation.endIndex]);
    }
  }
  return { text, cited: spans.map(([number, start, end]) => `${number}:${text.slice(start, end)}`) };
}

export function retrievalEnd(events: readonly AnswerEvent[]): Extract<AnswerEvent, { type: "retrieval-end" }> {
  const [first] = events;
  if (first?.type !== "retrieval-end") {
    throw new Error(`expected retrieval-end first, got ${first?.type ?? "nothing"}`);
  }
  return first;
}
