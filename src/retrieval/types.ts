import type { Caching } from "../caching/caching.ts";
import type { VectorFilter, VectorMetadata } from "../vector-index/vector-index.ts";

/** A unit of retrieval and of citation. */
export interface Passage {
  /** Unique within its collection. */
  readonly id: string;
  readonly documentId: string;
  readonly title: string;
  readonly text: string;
  /** Where a reader finds it; may be a URL or a URL-like id. */
  readonly url: string;
  readonly metadata: VectorMetadata;
}

/** An entry of a run: higher score is better, whatever the similarity. */
export interface ScoredPassage {
  readonly id: string;
  readonly score: number;
}

export const RETRIEVAL_MODES = ["dense", "lexical", "hybrid"] as const;
export type RetrievalMode = (typeof RETRIEVAL_MODES)[number];
export type RetrievalLeg = Exclude<RetrievalMode, "hybrid">;

/**
 * How hybrid retrieval joins its legs. `weight` is the dense leg's share for an ordinary query, 0..1; `adapt` how far a query's own
 * scores move it (see `queryWeight`; default 0, not at all).
 */
export type FusionSettings =
  | { readonly method: "rrf"; readonly rrfK: number }
  | {
      readonly method: "convex";
      readonly weight: number;
      readonly normalization: "min-max" | "theoretical";
      readonly adapt?: number;
    };

/** What turns a query into a vector; passages' vectors stay as they are. */
export interface QuerySide {
  /** Name of a query encoder of the configuration. Left out: the one that the adapter was trained for, else the default. */
  readonly encoder?: string;
  /** Name of a query adapter. Left out or null: none. */
  readonly adapter?: string | null;
}

/** Which query side is used when. Names only: whether they exist and fit is found out when they are set, and when used. */
export interface QuerySideSettings {
  readonly default?: QuerySide;
  /** By name of the target LM that the passages are for. */
  readonly models?: Readonly<Record<string, QuerySide>>;
  /** Another query side whose passages are recorded, never served. */
  readonly shadow?: ShadowSettings;
}

export interface ShadowSettings extends QuerySide {
  /** Share of the requests, 0..1. */
  readonly share: number;
  /** Whether the record holds the query's text. */
  readonly logQuery: boolean;
}

/** Which query side made a query's vector. */
export interface UsedQuerySide {
  readonly encoder: string;
  readonly adapter?: { readonly name: string; readonly sha256: string };
}

/** A set of documents: a Vectorize namespace, an OpenAI vector store. */
export interface Collection {
  readonly name: string;
  /** Unlike the name, never used twice; part of cache keys. */
  readonly id?: number;
  /** `encoderFingerprint` of the passage encoder. */
  readonly encoderFingerprint: string;
  readonly encoderName: string;
  readonly dims: number;
  readonly similarity: "cosine" | "dot-product" | "euclidean";
  readonly fusion: FusionSettings;
  /** Raised by every write; part of cache keys. */
  readonly version: number;
  readonly passageCount: number;
  /** Absent: the default encoder, without an adapter. */
  readonly querySide?: QuerySideSettings;
}

export interface RetrieveRequest {
  readonly query: string;
  readonly collection: Collection;
  readonly mode: RetrievalMode;
  /** Passages wanted, already clamped. */
  readonly topK: number;
  readonly filter?: VectorFilter;
  /** Passages whose final score is lower are dropped. Unit: the score of the mode (cosine for dense). */
  readonly minScore?: number;
  /** Fail the request when one leg of hybrid fails. Default: degrade and say so. */
  readonly failClosed?: boolean;
  /** Asked for by the request, before the collection's own. */
  readonly querySide?: QuerySide;
  /** The target LM that the passages are for: a collection may have a query side for it. */
  readonly model?: string;
  /** For records of this request. */
  readonly requestId?: string;
  /** Milliseconds that each stage may take at most, where that is less than its own deadline. */
  readonly timeoutMs?: number;
  /** Left out: nothing is cached. */
  readonly caching?: Caching;
  readonly signal?: AbortSignal;
}

/** A passage found, with the place each leg gave it (rank 1 is best). */
export interface RetrievedPassage {
  readonly passage: Passage;
  readonly score: number;
  readonly rank: number;
  readonly dense?: { readonly rank: number; readonly score: number };
  readonly lexical?: { readonly rank: number; readonly score: number };
}

export interface RetrieveOutcome {
  readonly passages: readonly RetrievedPassage[];
  readonly mode: RetrievalMode;
  /** Legs that failed while another one answered. */
  readonly degraded: readonly { readonly leg: RetrievalLeg; readonly reason: string }[];
  /** Milliseconds a stage took; workerd's clock moves only at I/O. Keys: encode, dense, lexical, fuse, passages. */
  readonly timings: Readonly<Record<string, number>>;
  readonly usage: { readonly embedTokens: number; readonly vectorsQueried: number };
  /** Absent when no query was embedded. */
  readonly querySide?: UsedQuerySide;
}

/** One leg of retrieval: a run of passage ids, best first. */
export interface Leg {
  retrieve(request: {
    readonly query: string;
    readonly collection: Collection;
    readonly depth: number;
    readonly filter?: VectorFilter;
    readonly querySide?: QuerySide;
    readonly model?: string;
    readonly caching?: Caching;
    readonly signal?: AbortSignal;
  }): Promise<{
    readonly run: readonly ScoredPassage[];
    readonly timings: Readonly<Record<string, number>>;
    readonly embedTokens: number;
    readonly vectorsQueried: number;
    /** Of the dense leg. */
    readonly querySide?: UsedQuerySide;
  }>;
}

/** Retrieval as the rest of the Worker sees it. */
export interface Retriever {
  retrieve(request: RetrieveRequest): Promise<RetrieveOutcome>;
}
