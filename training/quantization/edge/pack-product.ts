import { AppError } from "../../../src/shared/errors.ts";
import { balanceSmoothing } from "../balance-smoothing.ts";
import { centredGram } from "../centred-gram.ts";
import { roundWithFeedback } from "../feedback-rounding.ts";
import { chooseInputScheme } from "../input-scheme.ts";
import type { StatisticsByValue } from "../input-statistics.ts";
import { smoothGram, smoothWeights } from "../smoothing.ts";
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

/** An input's smoothing: the products that read it share it. Undefined where it is not known what they read. */
export function chooseSmoothing(
  products: readonly [BertProduct, ...BertProduct[]],
  statistics: StatisticsByValue,
): Float32Array | undefined {
  const seen = statistics.get(products[0].input);
  const weights = products.map(({ weights, outputs }) => ({ data: weights, outputs }));
  if (seen === undefined) {
    return undefined;
  }
  // The engine's codes are as fine as those of two terms.
  const { smoothing } = chooseInputScheme({ statistics: seen, weights, terms: 2 });
  const start = smoothing ?? new Float32Array(seen.width).fill(1);
  return balanceSmoothing({ statistics: seen, weights, start, largestInputCode: LARGEST_INPUT_CODE });
}

/** A product's weights as codes, and its bias, which makes up for what rounding changes on average. */
export interface CodedProduct {
  readonly codes: WeightCodes;
  readonly bias: Float32Array;
}

/**
 * Codes of a product's weights: a step for each column, rounded with feedback where the inputs are known. The error that is made
 * on the mean input, Σₖ mean[k] (w − ŵ)[k], goes into the bias (Nagel et al., ICCV 2019, §4.2), and rounding looks at what varies.
 */
export function codeProduct(
  { input, inputs, outputs, weights, bias }: BertProduct,
  statistics: StatisticsByValue,
  smoothing: Float32Array | undefined,
): CodedProduct {
  const smoothed = smoothWeights(weights, outputs, smoothing);
  const grid = { weights: smoothed, outputs, maxPairSum: NO_PAIR_LIMIT };
  const scales = columnScales(grid);
  const seen = statistics.get(input);
  if (seen === undefined) {
    const codes = roundToNearest(grid, scales);
    checkSums(codes, outputs);
    return { codes, bias };
  }
  const centred = { ...seen, gram: centredGram(seen) };
  const codes = roundWithFeedback({ ...grid, inputs, scales, gram: smoothGram(centred, smoothing) });
  checkSums(codes, outputs);
  const corrected = Float64Array.from(bias);
  for (let index = 0; index < smoothed.length; index += 1) {
    const column = index % outputs;
    const k = (index - column) / outputs;
    const error = (smoothed[index] ?? 0) - (codes.codes[index] ?? 0) * (scales[column] ?? 1);
    corrected[column] = (corrected[column] ?? 0) + ((seen.mean[k] ?? 0) / (smoothing?.[k] ?? 1)) * error;
  }
  return { codes, bias: Float32Array.from(corrected) };
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

export interface PackOptions extends CodedProduct {
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
