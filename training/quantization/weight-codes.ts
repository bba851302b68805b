/** Weights as int8 codes: weight = code * scale of its column. */
export interface WeightCodes {
  /** (inputs, outputs), row-major. */
  readonly codes: Int8Array;
  readonly scales: Float32Array;
}

/** Symmetric: -128 is not used, so that a code and its negative both exist. */
export const MAX_WEIGHT_CODE = 127;

/**
 * Largest sum of two codes of one sign in the rows 2i and 2i + 1 of a column. x86 without VNNI multiplies pairs of
 * unsigned activations (0..255) and signed weights by `vpmaddubsw`, which saturates at 16 bits: 255 * (a + b) <= 32767
 * needs a + b <= 128. Codes within this limit give the same integers on every CPU, at no cost in speed. The usual remedies
 * cost more: 7-bit weights half the resolution, unsigned weights 1.6 times the time where VNNI is there. Seen with MiniLM in
 * onnxruntime 1.30, an emulated Haswell against a CPU with VNNI: cosine 1.000000 with the limit, 0.995 without it.
 */
export const MAX_PAIR_SUM = 128;

/** A code moved as little as needed for it and its partner to respect MAX_PAIR_SUM. */
export function clampToPair(code: number, partner: number): number {
  if (code > 0 && partner > 0) {
    return Math.min(code, MAX_PAIR_SUM - partner);
  }
  if (code < 0 && partner < 0) {
    return Math.max(code, -MAX_PAIR_SUM - partner);
  }
  return code;
}

/**
 * Step of each column: the smallest with which neither a weight exceeds MAX_WEIGHT_CODE nor a pair of one sign
 * MAX_PAIR_SUM. A column of zeros gets step 1.
 */
export function columnScales(weights: Float32Array, outputs: number): Float32Array {
  const scales = new Float32Array(outputs);
  const rows = weights.length / outputs;
  for (let row = 0; row < rows; row += 2) {
    for (let column = 0; column < outputs; column += 1) {
      const even = weights[row * outputs + column] ?? 0;
      const odd = row + 1 < rows ? (weights[(row + 1) * outputs + column] ?? 0) : 0;
      const single = Math.max(Math.abs(even), Math.abs(odd)) / MAX_WEIGHT_CODE;
      const pair = even * odd > 0 ? Math.abs(even + odd) / MAX_PAIR_SUM : 0;
      scales[column] = Math.max(scales[column] ?? 0, single, pair);
    }
  }
  return scales.map((scale) => (scale > 0 ? scale : 1));
}

/** Plain rounding to the nearest code, for when nothing is known of the inputs. */
export function roundToNearest(weights: Float32Array, outputs: number, scales: Float32Array): WeightCodes {
  const codes = new Int8Array(weights.length);
  for (let index = 0; index < weights.length; index += 1) {
    const column = index % outputs;
    const row = (index - column) / outputs;
    const code = Math.round((weights[index] ?? 0) / (scales[column] ?? 1));
    codes[index] = row % 2 === 1 ? clampToPair(code, codes[index - outputs] ?? 0) : code;
  }
  return { codes, scales };
}
