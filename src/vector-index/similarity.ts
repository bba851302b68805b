export const VECTOR_METRICS = ["cosine", "euclidean", "dot-product"] as const;
export type VectorMetric = (typeof VECTOR_METRICS)[number];

/** Euclidean length, accumulated in float64. */
export function norm(values: Float32Array): number {
  let sum = 0;
  // By index, as in `quantizeRow`: it runs on every query and every row.
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    sum += value * value;
  }
  return Math.sqrt(sum);
}

export interface SimilarityOperands {
  readonly metric: VectorMetric;
  readonly query: Float32Array;
  readonly queryNorm: number;
  readonly values: Float32Array;
  /** Of `values`; read by cosine only. */
  readonly valuesNorm: number;
}

/**
 * Exact similarity of two float32 vectors, in float64; greater is closer for every metric: the cosine (0 when a vector is
 * zero), the dot product, or MINUS THE SQUARED euclidean distance.
 */
export function similarity({ metric, query, queryNorm, values, valuesNorm }: SimilarityOperands): number {
  let sum = 0;
  if (metric === "euclidean") {
    for (let i = 0; i < query.length; i += 1) {
      const difference = (query[i] ?? 0) - (values[i] ?? 0);
      sum -= difference * difference;
    }
    return sum;
  }
  for (let i = 0; i < query.length; i += 1) {
    sum += (query[i] ?? 0) * (values[i] ?? 0);
  }
  if (metric === "dot-product") {
    return sum;
  }
  const norms = queryNorm * valuesNorm;
  return norms === 0 ? 0 : sum / norms;
}

/** `0 -` and not `-`: a score of -0 helps nobody. */
const SCORES = {
  cosine: (value) => value,
  euclidean: (value) => Math.sqrt(0 - value),
  "dot-product": (value) => 0 - value,
} satisfies Record<VectorMetric, (value: number) => number>;

/** Vectorize's score of a `similarity`: the cosine; the distance (0 best); the NEGATIVE dot product (smallest best). */
export function scoreOf(metric: VectorMetric, value: number): number {
  return SCORES[metric](value);
}
