import { unitUpperFactor } from "./unit-upper-factor.ts";
import { MAX_WEIGHT_CODE, clampToPair } from "./weight-codes.ts";
import type { WeightCodes, WeightGrid } from "./weight-codes.ts";

export interface RoundWithFeedbackOptions extends WeightGrid {
  readonly inputs: number;
  /** Step of each output column. */
  readonly scales: Float32Array;
  /** Second moments of the inputs, (inputs, inputs). */
  readonly gram: Float64Array;
}

/** Added to the diagonal of the second moments, as a share of its mean: GPTQ's damping, for inputs that hardly vary. */
const DAMPING = 0.001;

/**
 * Rounds weights row by row, and lets every row make up for the rounding errors of the rows before it, as far as the
 * inputs correlate: LDLQ (Chee et al., QuIP, NeurIPS 2023, §3), which is GPTQ (Frantar et al., ICLR 2023) without the
 * inverse. With gram = (U + I) D (U + I)ᵀ, row k becomes round(w_k + Σ_{j<k} (w_j − ŵ_j) U_jk). What is minimised is the
 * error of the product on the calibration inputs, not of the weights; with a diagonal gram it is plain rounding. Rows of inputs
 * that vary most come first, while there are others to make up for them (GPTQ's `act_order`).
 */
export function roundWithFeedback(options: RoundWithFeedbackOptions): WeightCodes {
  const { weights, inputs, outputs, scales, gram, maxPairSum } = options;
  const order = byVariance(gram, inputs);
  const factor = unitUpperFactor(dampDiagonal(reorder(gram, order), inputs), inputs);
  const codes = new Int8Array(inputs * outputs);
  const errors = new Float64Array(inputs * outputs); // w − ŵ of the rows done
  const row = new Float64Array(outputs);
  for (const [turn, k] of order.entries()) {
    row.set(weights.subarray(k * outputs, (k + 1) * outputs));
    for (const [before, j] of order.subarray(0, turn).entries()) {
      const share = factor[before * inputs + turn] ?? 0;
      const base = j * outputs;
      for (let column = 0; column < outputs; column += 1) {
        row[column] = (row[column] ?? 0) + share * (errors[base + column] ?? 0);
      }
    }
    roundRow({ row, k, outputs, maxPairSum, scales, weights, codes, errors });
  }
  return { codes, scales };
}

/** Inputs by the size of their second moments, the largest first. */
function byVariance(gram: Float64Array, size: number): Uint32Array {
  const variance = (k: number): number => gram[k * size + k] ?? 0;
  return Uint32Array.from({ length: size }, (_, k) => k).sort((a, b) => variance(b) - variance(a) || a - b);
}

function reorder(gram: Float64Array, order: Uint32Array): Float64Array {
  const size = order.length;
  const reordered = new Float64Array(size * size);
  for (const [row, from] of order.entries()) {
    for (const [column, fromColumn] of order.entries()) {
      reordered[row * size + column] = gram[from * size + fromColumn] ?? 0;
    }
  }
  return reordered;
}

interface RoundRowOptions extends WeightGrid {
  readonly row: Float64Array;
  readonly k: number;
  readonly scales: Float32Array;
  readonly codes: Int8Array;
  readonly errors: Float64Array;
}

function roundRow({ row, k, outputs, maxPairSum, scales, weights, codes, errors }: RoundRowOptions): void {
  const base = k * outputs;
  const partner = (k % 2 === 0 ? k + 1 : k - 1) * outputs; // 0 while its row is not rounded: no limit
  for (let column = 0; column < outputs; column += 1) {
    const scale = scales[column] ?? 1;
    const nearest = Math.round((row[column] ?? 0) / scale);
    const kept = Math.max(-MAX_WEIGHT_CODE, Math.min(MAX_WEIGHT_CODE, nearest));
    const code = clampToPair(kept, codes[partner + column] ?? 0, maxPairSum);
    codes[base + column] = code;
    errors[base + column] = (weights[base + column] ?? 0) - code * scale;
  }
}

/** In place, returned for convenience. */
export function dampDiagonal(gram: Float64Array, size: number): Float64Array {
  let trace = 0;
  for (let k = 0; k < size; k += 1) {
    trace += gram[k * size + k] ?? 0;
  }
  const damping = trace > 0 ? (DAMPING * trace) / size : 1;
  for (let k = 0; k < size; k += 1) {
    gram[k * size + k] = (gram[k * size + k] ?? 0) + damping;
  }
  return gram;
}
