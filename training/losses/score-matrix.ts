import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { LossEmbeddings } from "./loss.ts";

export interface ScoreOptions {
  /** `dot` of the embeddings as they come, or `cosine`, which brings them to unit length first. Default dot. */
  readonly similarity?: "dot" | "cosine";
  /** Divides the similarities. Default 1; 0.05 is usual for cosine. */
  readonly temperature?: number;
}

/** Under the root, so that an embedding of zeros has a length and a gradient. Far below the square of any other. */
const SQUARED_LENGTH_EPSILON = 1e-24;

/**
 * Scores of every query with every passage: (queries, passages).
 * @throws RangeError when the temperature is not positive.
 */
export function scoreMatrix(
  build: GraphBuilder,
  { queries, passages }: LossEmbeddings,
  { similarity = "dot", temperature = 1 }: ScoreOptions = {},
): string {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`the temperature must be positive, got ${temperature}`);
  }
  const [q, p] = similarity === "dot" ? [queries, passages] : [unitRows(build, queries), unitRows(build, passages)];
  const scores = build.matMul(q, build.transpose(p, [1, 0]));
  return temperature === 1 ? scores : build.div(scores, build.scalar(temperature));
}

/** Each row divided by its Euclidean length; a row of zeros stays one. */
export function unitRows(build: GraphBuilder, rows: string): string {
  const squares = build.reduceSum(build.mul(rows, rows), [-1]);
  return build.div(rows, build.sqrt(build.add(squares, build.scalar(SQUARED_LENGTH_EPSILON))));
}
