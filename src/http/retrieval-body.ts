import type { RetrievalNotice } from "../rag/answer-event.ts";
import type { RetrievedPassage, RetrieveOutcome } from "../retrieval/types.ts";
import type { JsonObject } from "../shared/json.ts";

export interface OutcomeBodyOptions {
  readonly query: string;
  readonly collection: string;
  readonly outcome: RetrieveOutcome;
  readonly notices: readonly RetrievalNotice[];
}

/** What `/v1/retrieve` and the `retrieval` block of an answer have in common; `outcomeShape` is its schema. */
export function outcomeBody({ query, collection, outcome, notices }: OutcomeBodyOptions): JsonObject {
  return {
    query,
    collection,
    mode: outcome.mode,
    notices: notices.map(({ code, message }) => ({ code, message })),
    degraded: outcome.degraded.map(({ leg, reason }) => ({ leg, reason })),
    timings_ms: { ...outcome.timings },
    usage: { embed_tokens: outcome.usage.embedTokens, vectors_queried: outcome.usage.vectorsQueried },
    encoder: outcome.querySide?.encoder ?? null,
    adapter: outcome.querySide?.adapter === undefined ? null : { ...outcome.querySide.adapter },
  };
}

/** A passage on the wire; `passageSchema` is its schema. */
export function passageBody({ passage, score, rank, dense, lexical }: RetrievedPassage): JsonObject {
  return {
    id: passage.id,
    document_id: passage.documentId,
    title: passage.title,
    text: passage.text,
    url: passage.url,
    metadata: passage.metadata,
    score,
    rank,
    dense: dense === undefined ? null : { rank: dense.rank, score: dense.score },
    lexical: lexical === undefined ? null : { rank: lexical.rank, score: lexical.score },
  };
}
