/** One decoder layer's cross-attention of the first decoder token, over the tokens of all segments. */
export interface LayerAttention {
  /** Row-major (heads, tokens). */
  readonly logits: Float32Array;
  /** Row-major (heads, tokens, head size). */
  readonly values: Float32Array;
  readonly heads: number;
  readonly headSize: number;
}

/** Scores of each segment; see `attentionScores`. */
export interface AttentionScores {
  readonly logit: readonly number[];
  readonly probability: readonly number[];
  readonly probabilitySum: readonly number[];
  readonly norm: readonly number[];
  readonly normSum: readonly number[];
}

/**
 * What one decoder step attends to, per segment i with n_i tokens (passage, prompt and end mark), averaged over L layers and H heads:
 * - `logit`, FiDAtt as AAR's code has it: `sum_{l,h,t in i} q.k / (L H n_i)`, before the softmax, not normalised across segments;
 * - `probabilitySum`: `sum_{l,h,t in i} p / (L H)`, the softmax over the tokens of all segments, so they sum to 1; `probability` is
 *   that over n_i;
 * - `normSum`, `norm`: the same with `p * |value|`, Atlas' norm weighting.
 * Sums in double precision. A segment has at least one token.
 */
export function attentionScores(layers: readonly LayerAttention[], lengths: readonly number[]): AttentionScores {
  const segmentOf = lengths.flatMap((length, segment) => Array.from({ length }, () => segment));
  const zeros = (): number[] => lengths.map(() => 0);
  const [logit, probabilitySum, normSum] = [zeros(), zeros(), zeros()];
  const rows = layers.reduce((sum, { heads }) => sum + heads, 0);
  for (const { logits, values, heads, headSize } of layers) {
    for (let head = 0; head < heads; head += 1) {
      const row = logits.subarray(head * segmentOf.length, (head + 1) * segmentOf.length);
      const max = row.reduce((largest, value) => Math.max(largest, value), -Infinity);
      const total = row.reduce((sum, value) => sum + Math.exp(value - max), 0);
      for (const [token, segment] of segmentOf.entries()) {
        const value = row[token] ?? Number.NaN;
        const probability = Math.exp(value - max) / total;
        const start = (head * segmentOf.length + token) * headSize;
        const norm = Math.hypot(...values.subarray(start, start + headSize));
        logit[segment] = (logit[segment] ?? 0) + value / rows;
        probabilitySum[segment] = (probabilitySum[segment] ?? 0) + probability / rows;
        normSum[segment] = (normSum[segment] ?? 0) + (probability * norm) / rows;
      }
    }
  }
  const perToken = (sums: readonly number[]): number[] => sums.map((sum, segment) => sum / (lengths[segment] ?? 1));
  return {
    logit: perToken(logit),
    probability: perToken(probabilitySum),
    probabilitySum,
    norm: perToken(normSum),
    normSum,
  };
}
