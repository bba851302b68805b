import { CandidateSet } from "./candidate-set.ts";
import { quantizeQuery, type QuantizedQuery } from "./quantize.ts";
import { norm, similarity, type SimilarityOperands } from "./similarity.ts";
import { BLOCK_ROWS, type VectorImage } from "./vector-image.ts";

export interface ExactSearchOptions {
  readonly query: Float32Array;
  readonly topK: number;
  /** Slots to search, ascending: `VectorImage.select`. */
  readonly slots: Uint32Array;
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
  const query = quantizeQuery(options.query);
  const candidates = scan(image, query, options);
  return rescore(image, candidates, options);
}

function scan(image: VectorImage, query: QuantizedQuery, { slots, topK }: ExactSearchOptions): CandidateSet {
  const candidates = new CandidateSet(topK);
  const codes = new Int32Array(image.stride);
  codes.set(query.codes);
  const rows = new Uint32Array(Math.min(BLOCK_ROWS, slots.length));
  const out = new Int32Array(rows.length);
  const terms = queryTerms(image, query);
  for (let first = 0; first < slots.length;) {
    const blockNumber = Math.floor((slots[first] ?? 0) / BLOCK_ROWS);
    const base = blockNumber * BLOCK_ROWS;
    let count = 0;
    while (first + count < slots.length && (slots[first + count] ?? 0) < base + BLOCK_ROWS) {
      rows[count] = (slots[first + count] ?? 0) - base;
      count += 1;
    }
    const block = image.blocks[blockNumber];
    if (block !== undefined) {
      image.kernel.dotBlock({ query: codes, block, stride: image.stride, rows, count, out });
      offerBlock({ image, terms, base, rows, count, out }, candidates);
    }
    first += count;
  }
  return candidates;
}

interface QueryTerms {
  /** similarity ≈ factor[slot] · dotFactor · dot + offset[slot] + constant */
  readonly dotFactor: number;
  readonly constant: number;
  /** bound = rowBound[slot] · norm + queryBound[slot] · residual + allowance */
  readonly norm: number;
  readonly residual: number;
  readonly allowance: number;
}

function queryTerms(image: VectorImage, { norm: queryNorm, residual, scale }: QuantizedQuery): QueryTerms {
  if (image.metric === "cosine") {
    // The query's length is divided out; a zero query has similarity 0 to everything.
    const inverse = queryNorm === 0 ? 0 : 1 / queryNorm;
    return {
      dotFactor: scale * inverse,
      constant: 0,
      norm: queryNorm * inverse,
      residual: residual * inverse,
      allowance: ROUNDING_ALLOWANCE,
    };
  }
  const shared = { dotFactor: scale, norm: queryNorm, residual };
  return image.metric === "euclidean"
    ? { ...shared, constant: -(queryNorm ** 2), allowance: ROUNDING_ALLOWANCE * (image.maxNorm + queryNorm) ** 2 }
    : { ...shared, constant: 0, allowance: ROUNDING_ALLOWANCE * image.maxNorm * queryNorm };
}

interface ScannedBlock {
  readonly image: VectorImage;
  readonly terms: QueryTerms;
  readonly base: number;
  readonly rows: Uint32Array;
  readonly count: number;
  readonly out: Int32Array;
}

function offerBlock({ image, terms, base, rows, count, out }: ScannedBlock, candidates: CandidateSet): void {
  const { factor, offset, rowBound, queryBound } = image;
  const { dotFactor, constant, norm: queryNorm, residual, allowance } = terms;
  let floor = candidates.floor;
  for (let i = 0; i < count; i += 1) {
    const slot = base + (rows[i] ?? 0);
    const estimate = (factor[slot] ?? 0) * dotFactor * (out[i] ?? 0) + (offset[slot] ?? 0) + constant;
    const bound = (rowBound[slot] ?? 0) * queryNorm + (queryBound[slot] ?? 0) * residual + allowance;
    if (estimate + bound >= floor) {
      candidates.add(slot, estimate - bound, estimate + bound);
      floor = candidates.floor;
    }
  }
}

function rescore(
  image: VectorImage,
  candidates: CandidateSet,
  { query, topK, readVectors }: ExactSearchOptions,
): FoundSlot[] {
  const queue = candidates.byUpperBound();
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
