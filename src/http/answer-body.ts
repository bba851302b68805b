import type { AnswerEvent, Citation } from "../rag/answer-event.ts";
import { citationUrl } from "../retrieval/citation-url.ts";
import type { JsonObject } from "../shared/json.ts";
import { outcomeBody, passageBody } from "./retrieval-body.ts";

type RetrievalEnd = Extract<AnswerEvent, { type: "retrieval-end" }>;
type AnswerEnd = Extract<AnswerEvent, { type: "end" }>;

/** Top-level extensions of a chat completion (or of a stream's first chunk): what was found, and Perplexity's `citations`. */
export function retrievalFields(event: RetrievalEnd): JsonObject {
  const { passages } = event.outcome;
  const sources = event.sources ?? [];
  return {
    retrieval: {
      ...outcomeBody(event),
      context_tokens: event.contextTokens,
      passages: passages.map((passage, index) => ({ number: sources.length + index + 1, ...passageBody(passage) })),
    },
    citations: [...sources, ...passages].map(({ passage }) => citationUrl(passage)),
  };
}

/** Top-level extension of an answer by another model than the one asked for: a fallback took over. Else nothing. */
export function answeredBy(
  { target }: Pick<AnswerEnd, "target">,
  { model }: { readonly model: string },
): { readonly answered_by?: string } {
  return target === model ? {} : { answered_by: target };
}

/** OpenAI's annotation of a span, with the passage it rests on beside it. */
export function annotationBody({ startIndex, endIndex, title, url, passageNumber, passageId }: Citation): JsonObject {
  return {
    type: "url_citation",
    url_citation: { start_index: startIndex, end_index: endIndex, title, url },
    passage_number: passageNumber,
    passage_id: passageId,
  };
}
