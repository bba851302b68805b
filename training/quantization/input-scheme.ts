import type { InputStatistics } from "./input-statistics.ts";
import { columnScales, maxPairSum } from "./weight-codes.ts";

/**
 * Unsigned codes that a value is the sum of. One term is 8 bits; two are 7 bits for the value and 7 for what rounding left
 * of it, which takes the rounding of inputs out of the error at the price of a second integer product.
 */
export type InputTerms = 1 | 2;

/** Largest code of a term. Two terms are of 7 bits because weights then need no pair limit (see `maxPairSum`). */
export const LARGEST_CODES = { 1: 255, 2: 127 } as const satisfies Record<InputTerms, number>;

/** The second term divides a step of the first into so many of its own. */
export const REST_CODES = 126;

/** How the rows of a value become unsigned codes: code = round(x / smoothing / rowScale) + zeroPoint. */
export interface InputScheme {
  readonly terms: InputTerms;
  /** Divides each column before; its inverse multiplies the weights' rows. Undefined: all ones, no node. */
  readonly smoothing: Float32Array | undefined;
  /** Code of zero, above 0 and below the largest: the middle is symmetric, less suits rows whose largest values are positive (after a GELU). */
  readonly zeroPoint: number;
}

/** A weight that the value is multiplied with: (statistics.width, outputs), row-major. */
export interface WeightMatrix {
  readonly data: Float32Array;
  readonly outputs: number;
}

export interface ChooseInputSchemeOptions {
  readonly statistics: InputStatistics;
  /** All that read the value: they share its codes. */
  readonly weights: readonly WeightMatrix[];
  readonly terms: InputTerms;
}

/** The scheme for when nothing is known of the inputs. */
export function symmetricScheme(terms: InputTerms): InputScheme {
  return { terms, smoothing: undefined, zeroPoint: (LARGEST_CODES[terms] + 1) / 2 };
}

/** Share of the range of inputs that moves into the weights: SmoothQuant's alpha. */
const SMOOTHING_STRENGTHS = [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] as const;
/** As shares of the codes. Two terms resolve so finely that the middle will do. */
const ZERO_POINTS: Readonly<Record<InputTerms, readonly number[]>> = {
  1: [128, 112, 96, 80, 64, 48, 32, 24, 16, 12, 8, 4],
  2: [64],
};
/** Keeps columns that were never seen to move from being scaled to infinity. */
const SMALLEST_RANGE = 1e-5;

/**
 * The scheme with the smallest expected error of the product on the sampled rows. Smoothing (Xiao et al., SmoothQuant,
 * ICML 2023) takes the few columns with large values (LayerNorm outputs of BERT have them) out of the row's scale and
 * into the weights; it costs one multiplication an element, so it has to earn it. Rounding errors are taken as
 * independent with variance step² / 12 (a factor that all terms share and that is left out).
 */
export function chooseInputScheme({ statistics, weights, terms }: ChooseInputSchemeOptions): InputScheme {
  const { rowMax, rowSquares } = rowFacts(weights, statistics.width);
  let best = symmetricScheme(terms);
  let leastError = Number.POSITIVE_INFINITY;
  for (const strength of SMOOTHING_STRENGTHS) {
    const smoothing = smoothingFactors(statistics.absMax, rowMax, strength);
    const ranges = sampledRanges(statistics, smoothing);
    const weightError = expectedWeightError({ statistics, weights, terms }, smoothing);
    const sensitivity = smoothing.reduce((sum, factor, k) => sum + (rowSquares[k] ?? 0) * factor ** 2, 0);
    for (const zeroPoint of ZERO_POINTS[terms]) {
      const error = weightError + sensitivity * meanSquaredStep(ranges, { terms, zeroPoint });
      if (error < leastError * (1 - MINIMAL_GAIN)) {
        leastError = error;
        best = { terms, smoothing: strength === 0 ? undefined : smoothing, zeroPoint };
      }
    }
  }
  return best;
}

/** A change has to lower the expected squared error by this share. */
const MINIMAL_GAIN = 0.02;

function rowFacts(
  weights: readonly WeightMatrix[],
  width: number,
): { readonly rowMax: Float32Array; readonly rowSquares: Float32Array } {
  const rowMax = new Float32Array(width);
  const rowSquares = new Float32Array(width);
  for (const { data, outputs } of weights) {
    for (let index = 0; index < data.length; index += 1) {
      const k = Math.floor(index / outputs);
      const weight = data[index] ?? 0;
      rowMax[k] = Math.max(rowMax[k] ?? 0, Math.abs(weight));
      rowSquares[k] = (rowSquares[k] ?? 0) + weight * weight;
    }
  }
  return { rowMax, rowSquares };
}

/** max|x_k|^a / max|w_k|^(1 - a), with geometric mean one; all ones for strength zero. */
function smoothingFactors(absMax: Float32Array, rowMax: Float32Array, strength: number): Float32Array {
  if (strength === 0) {
    return new Float32Array(absMax.length).fill(1);
  }
  const logarithms = absMax.map(
    (largest, k) =>
      strength * Math.log(Math.max(largest, SMALLEST_RANGE)) -
      (1 - strength) * Math.log(Math.max(rowMax[k] ?? 0, SMALLEST_RANGE)),
  );
  const mean = logarithms.reduce((sum, value) => sum + value, 0) / absMax.length;
  return logarithms.map((value) => Math.exp(value - mean));
}

/** Smallest and largest value of each sampled row after smoothing, zero included: [low, high, low, high, ...]. */
function sampledRanges({ sample, sampleRows, width }: InputStatistics, smoothing: Float32Array): Float32Array {
  const ranges = new Float32Array(2 * sampleRows);
  for (let row = 0; row < sampleRows; row += 1) {
    let low = 0;
    let high = 0;
    for (let k = 0; k < width; k += 1) {
      const value = (sample[row * width + k] ?? 0) / (smoothing[k] ?? 1);
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    ranges[2 * row] = low;
    ranges[2 * row + 1] = high;
  }
  return ranges;
}

/** Of the last term's steps: what it rounds away is the error. */
function meanSquaredStep(ranges: Float32Array, { terms, zeroPoint }: Pick<InputScheme, "terms" | "zeroPoint">): number {
  const highCodes = LARGEST_CODES[terms] - zeroPoint;
  const parts = terms === 1 ? 1 : REST_CODES;
  let sum = 0;
  for (let index = 0; index < ranges.length; index += 2) {
    const step = Math.max(-(ranges[index] ?? 0) / zeroPoint, (ranges[index + 1] ?? 0) / highCodes) / parts;
    sum += step * step;
  }
  return (2 * sum) / Math.max(1, ranges.length);
}

/** Rounding error of the weights as it reaches the product: step² of all columns times the inputs' squares. */
function expectedWeightError(
  { statistics, weights, terms }: ChooseInputSchemeOptions,
  smoothing: Float32Array,
): number {
  const { width, gram, weight } = statistics;
  let inputSquares = 0;
  for (let k = 0; k < width; k += 1) {
    inputSquares += (gram[k * width + k] ?? 0) / Math.max(1, weight) / (smoothing[k] ?? 1) ** 2;
  }
  let squaredSteps = 0;
  for (const { data, outputs } of weights) {
    const smoothed = data.map((weight, index) => weight * (smoothing[Math.floor(index / outputs)] ?? 1));
    squaredSteps += columnScales({ weights: smoothed, outputs, maxPairSum: maxPairSum(LARGEST_CODES[terms]) }).reduce(
      (sum, step) => sum + step * step,
      0,
    );
  }
  return FEEDBACK_SHARE * squaredSteps * inputSquares;
}

/** What feedback rounding leaves of the weights' error: about half, measured on MiniLM. */
const FEEDBACK_SHARE = 0.5;
