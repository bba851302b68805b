/**
 * Natural log of the softmax of one row of logits, at one token: `x[token] - max - log(sum(exp(x - max)))`, summed in
 * double precision.
 */
export function logSoftmaxAt(logits: Float32Array, token: number): number {
  let max = -Infinity;
  for (const value of logits) {
    if (value > max) {
      max = value;
    }
  }
  let sum = 0;
  for (const value of logits) {
    sum += Math.exp(value - max);
  }
  return (logits[token] ?? Number.NaN) - max - Math.log(sum);
}

/** The first token of the largest logit. */
export function argMax(logits: Float32Array): number {
  let best = 0;
  for (let token = 1; token < logits.length; token += 1) {
    if ((logits[token] ?? 0) > (logits[best] ?? 0)) {
      best = token;
    }
  }
  return best;
}
