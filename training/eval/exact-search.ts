import { DENSE_SCALES } from "../../src/retrieval/dense-scales.ts";
import type { Collection } from "../../src/retrieval/types.ts";
import { AppError } from "../../src/shared/errors.ts";
import { TopK } from "./top-k.ts";

/** Rows visited by all queries before the next block: 128 x 384 floats stay in the second-level cache. */
const BLOCK_ROWS = 128;

export interface ExactSearchOptions {
  /** Row-major, (rows, dims). */
  readonly matrix: Float32Array;
  readonly dims: number;
  readonly similarity: Collection["similarity"];
  readonly queries: readonly Float32Array[];
  readonly depth: number;
}

/** A row and its score: higher is better, on the scale of the Worker's dense leg. */
export interface FoundRow {
  readonly index: number;
  readonly score: number;
}

/**
 * The `depth` rows most similar to each query, best first, by comparing all of them: float32 vectors, sums in double
 * precision. Ties go to the lower row, as in the embedded index. Cosine divides by both lengths; a zero vector has
 * cosine 0 with everything. `ProductSearch` finds the same many times faster.
 * @throws AppError `dims_mismatch` when a query has other dimensions than the rows.
 */
export function exactSearch({ matrix, dims, similarity, queries, depth }: ExactSearchOptions): FoundRow[][] {
  const wrong = queries.find((query) => query.length !== dims);
  if (wrong !== undefined || matrix.length % dims !== 0) {
    throw new AppError(
      "dims_mismatch",
      `queries have ${wrong?.length ?? dims} dimensions, the matrix ${matrix.length} values in rows of ${dims}`,
    );
  }
  const rows = matrix.length / dims;
  const tops = queries.map(() => new TopK(Math.min(depth, rows)));
  const squaredNorms = similarity === "dot-product" ? undefined : rowSquaredNorms(matrix, dims);
  const dots = new Float64Array(BLOCK_ROWS);
  const squaredQueryNorms = queries.map((query) => sumOfSquares(query, 0, dims));
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - first);
    for (const [position, query] of queries.entries()) {
      dotRows({ matrix, dims, query, first, count, dots });
      const offer = {
        dots,
        first,
        count,
        squaredNorms,
        squaredQueryNorm: squaredQueryNorms[position] ?? 0,
        similarity,
      };
      offerRows(offer, tops[position] ?? new TopK(0));
    }
  }
  return tops.map((top) => top.sorted());
}

interface DotRowsOptions {
  readonly matrix: Float32Array;
  readonly dims: number;
  readonly query: Float32Array;
  readonly first: number;
  readonly count: number;
  readonly dots: Float64Array;
}

/** Dot products of `count` rows with a query. Four rows at a time: a query value is loaded once for four products. */
function dotRows({ matrix, dims, query, first, count, dots }: DotRowsOptions): void {
  let row = 0;
  for (; row + 4 <= count; row += 4) {
    const a = (first + row) * dims;
    const b = a + dims;
    const c = b + dims;
    const d = c + dims;
    let sumA = 0;
    let sumB = 0;
    let sumC = 0;
    let sumD = 0;
    for (let i = 0; i < dims; i++) {
      const value = query[i] ?? 0;
      sumA += value * (matrix[a + i] ?? 0);
      sumB += value * (matrix[b + i] ?? 0);
      sumC += value * (matrix[c + i] ?? 0);
      sumD += value * (matrix[d + i] ?? 0);
    }
    dots[row] = sumA;
    dots[row + 1] = sumB;
    dots[row + 2] = sumC;
    dots[row + 3] = sumD;
  }
  for (; row < count; row++) {
    const start = (first + row) * dims;
    let sum = 0;
    for (let i = 0; i < dims; i++) {
      sum += (query[i] ?? 0) * (matrix[start + i] ?? 0);
    }
    dots[row] = sum;
  }
}

interface OfferRowsOptions {
  readonly dots: Float64Array;
  readonly first: number;
  readonly count: number;
  /** Of all rows; undefined for the dot product. */
  readonly squaredNorms: Float64Array | undefined;
  readonly squaredQueryNorm: number;
  readonly similarity: Collection["similarity"];
}

function offerRows(
  { dots, first, count, squaredNorms, squaredQueryNorm, similarity }: OfferRowsOptions,
  top: TopK,
): void {
  for (let row = 0; row < count; row++) {
    const dot = dots[row] ?? 0;
    const squaredNorm = squaredNorms?.[first + row] ?? 0;
    const score = similarityScore(similarity, { dot, squaredNorm, squaredQueryNorm });
    if (score >= top.threshold) {
      top.offer(first + row, score);
    }
  }
}

interface SimilarityParts {
  readonly dot: number;
  readonly squaredNorm: number;
  readonly squaredQueryNorm: number;
}

/** The score of a row, higher is better: Vectorize's own on the scale of the Worker's dense leg. */
function similarityScore(similarity: Collection["similarity"], parts: SimilarityParts): number {
  return DENSE_SCALES[similarity].toScore(VECTORIZE_SCORES[similarity](parts));
}

/** The score Vectorize would report, so that one table of scales serves both programs. */
const VECTORIZE_SCORES: Readonly<Record<Collection["similarity"], (parts: SimilarityParts) => number>> = {
  cosine: ({ dot, squaredNorm, squaredQueryNorm }) => {
    const norms = Math.sqrt(squaredNorm * squaredQueryNorm);
    return norms === 0 ? 0 : dot / norms;
  },
  "dot-product": ({ dot }) => -dot,
  euclidean: ({ dot, squaredNorm, squaredQueryNorm }) =>
    Math.sqrt(Math.max(0, squaredNorm + squaredQueryNorm - 2 * dot)),
};

export interface ScoreOfRowOptions extends Pick<ExactSearchOptions, "matrix" | "dims" | "similarity"> {
  readonly query: Float32Array;
  readonly row: number;
}

/** The score that `exactSearch` gives one row. */
export function scoreOfRow({ matrix, dims, similarity, query, row }: ScoreOfRowOptions): number {
  const start = row * dims;
  let dot = 0;
  for (let i = 0; i < dims; i++) {
    dot += (query[i] ?? 0) * (matrix[start + i] ?? 0);
  }
  const isDot = similarity === "dot-product";
  return similarityScore(similarity, {
    dot,
    squaredNorm: isDot ? 0 : sumOfSquares(matrix, start, dims),
    squaredQueryNorm: isDot ? 0 : sumOfSquares(query, 0, dims),
  });
}

/** |row|^2 of each row, in double precision. */
export function rowSquaredNorms(matrix: Float32Array, dims: number): Float64Array {
  const norms = new Float64Array(matrix.length / dims);
  for (let row = 0; row < norms.length; row++) {
    norms[row] = sumOfSquares(matrix, row * dims, dims);
  }
  return norms;
}

export function sumOfSquares(values: Float32Array, start: number, count: number): number {
  let sum = 0;
  for (let i = start; i < start + count; i++) {
    sum += (values[i] ?? 0) ** 2;
  }
  return sum;
}
