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

/** How hybrid retrieval joins its legs. `weight` is the dense leg's share, 0..1. */
export type FusionSettings =
  | { readonly method: "rrf"; readonly rrfK: number }
  | { readonly method: "convex"; readonly weight: number; readonly normalization: "min-max" | "theoretical" };

/** A set of documents: a Vectorize namespace, an OpenAI vector store. */
export interface Collection {
  readonly name: string;
  /** `encoderFingerprint` of the passage encoder. */
  readonly encoderFingerprint: string;
  readonly encoderName: string;
  readonly dims: number;
  readonly similarity: "cosine" | "dot-product" | "euclidean";
  readonly fusion: FusionSettings;
  /** Raised by every write; part of cache keys. */
  readonly version: number;
  readonly passageCount: number;
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
}

/** One leg of retrieval: a run of passage ids, best first. */
export interface Leg {
  retrieve(request: {
    readonly query: string;
    readonly collection: Collection;
    readonly depth: number;
    readonly filter?: VectorFilter;
    readonly signal?: AbortSignal;
  }): Promise<{
    readonly run: readonly ScoredPassage[];
    readonly timings: Readonly<Record<string, number>>;
    readonly embedTokens: number;
    readonly vectorsQueried: number;
  }>;
}

/** Retrieval as the rest of the Worker sees it. */
export interface Retriever {
  retrieve(request: RetrieveRequest): Promise<RetrieveOutcome>;
}
