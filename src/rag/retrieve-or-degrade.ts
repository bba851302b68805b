import type { Collection, QuerySide, RetrievalMode, RetrieveOutcome, Retriever } from "../retrieval/types.ts";
import { abortError } from "../shared/abort-error.ts";
import { isUserError, toAppError } from "../shared/errors.ts";
import type { VectorFilter } from "../vector-index/vector-index.ts";
import type { RetrievalNotice } from "./answer-event.ts";
import { filterNotices } from "./filter-notices.ts";

export interface RetrievalSettings {
  readonly collection: Collection;
  readonly mode: RetrievalMode;
  /** Passages wanted, already clamped. */
  readonly topK: number;
  readonly filter?: VectorFilter;
  readonly minScore?: number;
  /** `degrade`: answer without passages when retrieval fails, and say so. `fail`: throw. */
  readonly onError: "degrade" | "fail";
  /** See `RetrieveRequest`. */
  readonly querySide?: QuerySide;
  readonly model?: string;
  readonly requestId?: string;
}

export interface RetrieveOrDegradeOptions {
  readonly retriever: Retriever;
  readonly signal: AbortSignal;
}

export interface DegradableOutcome {
  readonly outcome: RetrieveOutcome;
  readonly notices: readonly RetrievalNotice[];
  /** Nothing was searched; different from searching and finding nothing. */
  readonly isFailed: boolean;
}

/**
 * Retrieves; when that fails on our side and the request allows it, goes on without passages and says so. What the
 * caller can mend (an invalid filter, ...) is always thrown, as is `aborted`.
 */
export async function retrieveOrDegrade(
  { onError, ...settings }: RetrievalSettings & { readonly query: string },
  { retriever, signal }: RetrieveOrDegradeOptions,
): Promise<DegradableOutcome> {
  const { query, collection, mode, topK, filter, minScore, querySide, model, requestId } = settings;
  try {
    const outcome = await retriever.retrieve({
      query,
      collection,
      mode,
      topK,
      failClosed: onError === "fail",
      signal,
      ...(filter === undefined ? {} : { filter }),
      ...(minScore === undefined ? {} : { minScore }),
      ...(querySide === undefined ? {} : { querySide }),
      ...(model === undefined ? {} : { model }),
      ...(requestId === undefined ? {} : { requestId }),
    });
    return { outcome, notices: filterNotices(outcome, filter), isFailed: false };
  } catch (error) {
    if (signal.aborted) {
      throw abortError(signal);
    }
    const failure = toAppError(error);
    if (onError === "fail" || failure.code === "aborted" || isUserError(failure)) {
      throw failure;
    }
    const reason = `${failure.code}: ${failure.message}`;
    const legs = mode === "hybrid" ? (["dense", "lexical"] as const) : [mode];
    return {
      outcome: {
        passages: [],
        mode,
        degraded: legs.map((leg) => ({ leg, reason })),
        timings: {},
        usage: { embedTokens: 0, vectorsQueried: 0 },
      },
      notices: [{ code: "degraded", message: `retrieval failed, so the answer has no sources (${reason})` }],
      isFailed: true,
    };
  }
}
