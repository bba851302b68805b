/** Weights as int8 codes: weight = code * scale of its column. */
export interface WeightCodes {
  /** (inputs, outputs), row-major. */
  readonly codes: Int8Array;
  readonly scales: Float32Array;
}

/** Symmetric: -128 is not used, so that a code and its negative both exist. */
export const MAX_WEIGHT_CODE = 127;

/**
 * Largest sum of two codes of one sign in the rows 2i and 2i + 1 of a column, for inputs of codes up to `largestInputCode`.
 * x86 without VNNI multiplies pairs of unsigned inputs and signed weights by `vpmaddubsw`, which saturates at 16 bits:
 * 255 * (a + b) <= 32767 needs a + b <= 128; with codes up to 127 no two weights are too large. Codes within this limit
 * give the same integers on every CPU, at no cost in speed. The usual remedies cost more: 7-bit weights half the resolution,
 * unsigned weights 1.6 times the time where VNNI is there. Seen with MiniLM in onnxruntime 1.30, an emulated Haswell against a
 * CPU with VNNI: cosine 1.000000 with the limit, 0.995 without it.
 */
export function maxPairSum(largestInputCode: number): number {
  return Math.floor(32_767 / largestInputCode);
}

/** A code moved as little as needed for it and its partner to respect `maxPairSum`. */
export function clampToPair(code: number, partner: number, limit: number): number {
  if (code > 0 && partner > 0) {
    return Math.min(code, limit - partner);
  }
  if (code < 0 && partner < 0) {
    return Math.max(code, -limit - partner);
  }
  return code;
}

export interface WeightGrid {
  /** (inputs, outputs), row-major. */
  readonly weights: Float32Array;
  readonly outputs: number;
  readonly maxPairSum: number;
}

/**
 * Step of each column: the smallest with which neither a weight exceeds MAX_WEIGHT_CODE nor a pair of one sign
 * `maxPairSum`. A column of zeros gets step 1.
 */
export function columnScales({ weights, outputs, maxPairSum: limit }: WeightGrid): Float32Array {
  const scales = new Float32Array(outputs);
  const rows = weights.length / outputs;
  for (let row = 0; row < rows; row += 2) {
    for (let column = 0; column < outputs; column += 1) {
      const even = weights[row * outputs + column] ?? 0;
      const odd = row + 1 < rows ? (weights[(row + 1) * outputs + column] ?? 0) : 0;
      const single = Math.max(Math.abs(even), Math.abs(odd)) / MAX_WEIGHT_CODE;
      const pair = even * odd > 0 ? Math.abs(even + odd) / limit : 0;
      scales[column] = Math.max(scales[column] ?? 0, single, pair);
    }
  }
  return scales.map((scale) => (scale > 0 ? scale : 1));
}

/** Plain rounding to the nearest code, for when nothing is known of the inputs. */
export function roundToNearest({ weights, outputs, maxPairSum: limit }: WeightGrid, scales: Float32Array): WeightCodes {
  const codes = new Int8Array(weights.length);
  for (let index = 0; index < weights.length; index += 1) {
    const column = index % outputs;
    const row = (index - column) / outputs;
    const code = Math.round((weights[index] ?? 0) / (scales[column] ?? 1));
    codes[index] = row % 2 === 1 ? clampToPair(code, codes[index - outputs] ?? 0, limit) : code;
  }
  return { codes, scales };
}
