import { AppError } from "../../../src/shared/errors.ts";
import { roundWithFeedback } from "../feedback-rounding.ts";
import type { InputStatistics, StatisticsByValue } from "../input-statistics.ts";
import { columnScales, MAX_WEIGHT_CODE, roundToNearest } from "../weight-codes.ts";
import type { WeightCodes } from "../weight-codes.ts";
import type { BertProduct } from "./bert-weights.ts";

/** A product as the engine's file has it. */
export interface PackedProduct {
  /** In panels of four columns by groups of four inputs (see `src/encoder/engine/assembly/matrix-product.ts`). */
  readonly weights: Int8Array;
  readonly steps: Float32Array;
  readonly bias: Float32Array;
}

/** Any two codes add up to less: the engine's products do not saturate. */
const NO_PAIR_LIMIT = 2 * MAX_WEIGHT_CODE;

/** Largest input code of the engine: `LARGEST_CODE` of `assembly/codes.ts`. */
const LARGEST_INPUT_CODE = 8191;

/** Codes of a product's weights: a step for each column, rounded with feedback where the inputs are known. */
export function codeWeights(
  { input, inputs, outputs, weights }: BertProduct,
  statistics: StatisticsByValue,
): WeightCodes {
  const grid = { weights, outputs, maxPairSum: NO_PAIR_LIMIT };
  const scales = columnScales(grid);
  const seen: InputStatistics | undefined = statistics.get(input);
  const codes =
    seen === undefined
      ? roundToNearest(grid, scales)
      : roundWithFeedback({ ...grid, inputs, scales, gram: seen.gram.slice() });
  checkSums(codes, outputs);
  return codes;
}

/** The kernel adds in 32 bits. */
function checkSums({ codes }: WeightCodes, outputs: number): void {
  const sums = new Float64Array(outputs);
  for (let index = 0; index < codes.length; index += 1) {
    const column = index % outputs;
    sums[column] = (sums[column] ?? 0) + Math.abs(codes[index] ?? 0);
  }
  const largest = sums.reduce((a, b) => Math.max(a, b), 0);
  if (largest * LARGEST_INPUT_CODE >= 2 ** 31) {
    throw new AppError(
      "invalid_artifact",
      `a column's weights add up to ${largest} steps, the edge engine's sums take ${Math.floor(2 ** 31 / LARGEST_INPUT_CODE)}; quantise with --engine onnx`,
    );
  }
}

export interface PackOptions {
  readonly codes: WeightCodes;
  readonly bias: Float32Array;
  /** Row of the source for each row of the packed weights; -1 is a row of zeros. */
  readonly rows: readonly number[];
  /** The same for columns; the bias of a column of zeros is 0. */
  readonly columns: readonly number[];
}

/** Packs some rows and columns of a product, each a multiple of 8. */
export function packProduct({ codes: { codes, scales }, bias, rows, columns }: PackOptions): PackedProduct {
  const packed = new Int8Array(rows.length * columns.length);
  for (const [column, from] of columns.entries()) {
    const panel = Math.floor(column / 4) * 4 * rows.length + (column % 4) * 4;
    for (const [row, fromRow] of rows.entries()) {
      if (from >= 0 && fromRow >= 0) {
        packed[panel + Math.floor(row / 4) * 16 + (row % 4)] = codes[fromRow * scales.length + from] ?? 0;
      }
    }
  }
  return {
    weights: packed,
    steps: Float32Array.from(columns, (from) => (from < 0 ? 1 : (scales[from] ?? 1))),
    bias: Float32Array.from(columns, (from) => (from < 0 ? 0 : (bias[from] ?? 0))),
  };
}
