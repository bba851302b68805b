import { quantizeQuery, quantizeQueryCoarsely, type QuantizedQuery } from "./quantize.ts";
import type { Candidate, ScanQueryCodes } from "./scan-memory.ts";
import { norm, similarity, type SimilarityOperands, type VectorMetric } from "./similarity.ts";
import type { VectorImage } from "./vector-image.ts";

export interface ExactSearchOptions {
  readonly query: Float32Array;
  readonly topK: number;
  /** How many slots to search, ascending, those that `VectorImage.select` has left in the scan's memory. */
  readonly count: number;
  /** Reads the float32 vectors of a few slots, in any order. */
  readonly readVectors: (slots: readonly number[]) => Iterable<readonly [slot: number, values: Float32Array]>;
}

export interface FoundSlot {
  readonly slot: number;
  /** Greater is closer, for every metric; `scoreOf` makes it Vectorize's score. */
  readonly similarity: number;
}

/** Float64 sums of at most 1,536 products err by less than 1,536 · 2^-53 relative to the norms; this is generous. */
const ROUNDING_ALLOWANCE = 1e-10;

/** How many candidates are read at once, at least: one SQL statement a round. */
const RESCORE_BATCH = 64;

/**
 * The `topK` most similar vectors, exactly: the same slots and similarities as comparing every float32 vector. Ties go to the
 * lower slot.
 *
 * One pass over the int8 codes bounds every similarity from both sides. A vector can only belong to the answer when its upper
 * bound reaches the k-th best lower bound; those are rescored in float32, best upper bound first, until the k-th exact
 * similarity is above every upper bound that is left. So the error bound, and no fixed multiplier, decides how many are read.
 */
export function exactSearch(image: VectorImage, options: ExactSearchOptions): FoundSlot[] {
  return rescore(image, scanCodes(image, options), options);
}

/** The vectors that the int8 codes cannot rule out, the best upper bound first. */
export function scanCodes(
  image: VectorImage,
  { query, topK, count }: Pick<ExactSearchOptions, "query" | "topK" | "count">,
): Candidate[] {
  const fine = quantizeQuery(query);
  // Cosine divides the query's length out; a zero query has similarity 0 to everything.
  const unit = image.metric !== "cosine" ? 1 : fine.norm === 0 ? 0 : 1 / fine.norm;
  return image.memory.scan({
    coarse: inUnits(quantizeQueryCoarsely(query), unit),
    fine: inUnits(fine, unit),
    norm: fine.norm * unit,
    constant: image.metric === "euclidean" ? -(fine.norm ** 2) : 0,
    allowance: ROUNDING_ALLOWANCE * MAGNITUDES[image.metric](image.maxNorm, fine.norm),
    count,
    topK,
  });
}

function inUnits({ codes, scale, residual }: QuantizedQuery, unit: number): ScanQueryCodes {
  return { codes, scale: scale * unit, residual: residual * unit };
}

/** How large a similarity's terms can be, by the lengths of the longest vector and of the query. */
const MAGNITUDES = {
  cosine: () => 1,
  euclidean: (longest, query) => (longest + query) ** 2,
  "dot-product": (longest, query) => longest * query,
} satisfies Record<VectorMetric, (longest: number, query: number) => number>;

function rescore(
  image: VectorImage,
  queue: readonly Candidate[],
  { query, topK, readVectors }: ExactSearchOptions,
): FoundSlot[] {
  const batch = Math.max(topK, RESCORE_BATCH);
  const queryNorm = norm(query);
  let found: FoundSlot[] = [];
  for (let next = 0; next < queue.length; next += batch) {
    const worst = found[topK - 1]?.similarity ?? -Infinity;
    const chosen = queue.slice(next, next + batch).filter(({ upper }) => upper >= worst);
    if (chosen.length === 0) {
      break;
    }
    for (const [slot, values] of readVectors(chosen.map(({ slot }) => slot))) {
      found.push({ slot, similarity: similarity(operands(image, { query, queryNorm, values })) });
    }
    found = found.toSorted((a, b) => b.similarity - a.similarity || a.slot - b.slot).slice(0, topK);
  }
  return found;
}

function operands(
  image: VectorImage,
  vectors: Pick<SimilarityOperands, "query" | "queryNorm" | "values">,
): SimilarityOperands {
  const valuesNorm = image.metric === "cosine" ? norm(vectors.values) : 0;
  return { metric: image.metric, ...vectors, valuesNorm };
}
