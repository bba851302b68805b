import { unitUpperFactor } from "./unit-upper-factor.ts";
import { MAX_WEIGHT_CODE, clampToPair } from "./weight-codes.ts";
import type { WeightCodes, WeightGrid } from "./weight-codes.ts";

export interface RoundWithFeedbackOptions extends WeightGrid {
  readonly inputs: number;
  /** Step of each output column. */
  readonly scales: Float32Array;
  /** Second moments of the inputs, (inputs, inputs); overwritten by its factor. */
  readonly gram: Float64Array;
}

/** Added to the diagonal of the second moments, as a share of its mean: GPTQ's damping, for inputs that hardly vary. */
const DAMPING = 0.01;

/**
 * Rounds weights row by row, and lets every row make up for the rounding errors of the rows before it, as far as the
 * inputs correlate: LDLQ (Chee et al., QuIP, NeurIPS 2023, §3), which is GPTQ (Frantar et al., ICLR 2023) without the
 * inverse. With gram = (U + I) D (U + I)ᵀ, row k becomes round(w_k + Σ_{j<k} (w_j − ŵ_j) U_jk). What is minimised is the
 * error of the product on the calibration inputs, not of the weights; with a diagonal gram it is plain rounding.
 */
export function roundWithFeedback(options: RoundWithFeedbackOptions): WeightCodes {
  const { weights, inputs, outputs, scales, gram, maxPairSum } = options;
  dampDiagonal(gram, inputs);
  const factor = unitUpperFactor(gram, inputs);
  const codes = new Int8Array(inputs * outputs);
  const errors = new Float64Array(inputs * outputs); // w − ŵ of the rows done
  const row = new Float64Array(outputs);
  for (let k = 0; k < inputs; k += 1) {
    row.set(weights.subarray(k * outputs, (k + 1) * outputs));
    for (let j = 0; j < k; j += 1) {
      const share = factor[j * inputs + k] ?? 0;
      const base = j * outputs;
      for (let column = 0; column < outputs; column += 1) {
        row[column] = (row[column] ?? 0) + share * (errors[base + column] ?? 0);
      }
    }
    roundRow({ row, k, outputs, maxPairSum, scales, weights, codes, errors });
  }
  return { codes, scales };
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
  const partner = (k - 1) * outputs; // its row is rounded already when k is odd
  for (let column = 0; column < outputs; column += 1) {
    const scale = scales[column] ?? 1;
    let code = Math.round((row[column] ?? 0) / scale);
    code = Math.max(-MAX_WEIGHT_CODE, Math.min(MAX_WEIGHT_CODE, code));
    if (k % 2 === 1) {
      code = clampToPair(code, codes[partner + column] ?? 0, maxPairSum);
    }
    codes[base + column] = code;
    errors[base + column] = (weights[base + column] ?? 0) - code * scale;
  }
}

function dampDiagonal(gram: Float64Array, size: number): void {
  let trace = 0;
  for (let k = 0; k < size; k += 1) {
    trace += gram[k * size + k] ?? 0;
  }
  const damping = trace > 0 ? (DAMPING * trace) / size : 1;
  for (let k = 0; k < size; k += 1) {
    gram[k * size + k] = (gram[k * size + k] ?? 0) + damping;
  }
}
