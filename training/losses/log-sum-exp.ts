import type { GraphBuilder } from "../onnx/graph-builder.ts";

/**
 * What a masked score is replaced by: exp of its distance to any real score is exactly 0, in the value and in the gradient. Not
 * -∞, of which onnxruntime's ReduceLogSumExp takes the exponent against 0 when it comes first, and loses scores below -87.
 */
const EXCLUDED = -3e38;

/**
 * log Σ exp over the entries of each row that the mask allows: (rows, columns) to (rows). The others do not enter at all,
 * neither into the value nor into the gradient. A row without any is `EXCLUDED`, and adds 0 to another sum of exponents.
 */
export function maskedLogSumExp(build: GraphBuilder, scores: string, mask: string): string {
  const allowed = build.where(mask, scores, build.scalar(EXCLUDED));
  return build.reduceLogSumExp(allowed, [1], { keepDims: false });
}

/**
 * -log(exp(positive) / (exp(positive) + exp(negatives))) of vectors, where `negatives` is a log-sum-exp already: the softplus
 * of their difference, without overflow at either end.
 */
export function contrastTerms(build: GraphBuilder, positive: string, negatives: string): string {
  const pair = build.concat([build.unsqueeze(positive, [1]), build.unsqueeze(negatives, [1])], 1);
  return build.sub(build.reduceLogSumExp(pair, [1], { keepDims: false }), positive);
}
