import type { Collection } from "./types.ts";

interface DenseScale {
  /** Vectorize's score as one where higher is better. */
  readonly toScore: (vectorizeScore: number) => number;
  /** The least score there can be; undefined for the dot product of vectors of any length, which has none. */
  readonly floor: number | undefined;
  /** The greatest; undefined where `floor` is. */
  readonly ceiling: number | undefined;
}

/**
 * Cosine stays as it is (-1..1); dot-product gets its sign back (Vectorize reports the negative); a euclidean distance d
 * becomes 1 / (1 + d) (0..1, 1 for the same point).
 */
export const DENSE_SCALES: Readonly<Record<Collection["similarity"], DenseScale>> = {
  cosine: { toScore: (cosine) => cosine, floor: -1, ceiling: 1 },
  "dot-product": { toScore: (negativeProduct) => -negativeProduct, floor: undefined, ceiling: undefined },
  euclidean: { toScore: (distance) => 1 / (1 + distance), floor: 0, ceiling: 1 },
};
