import { centredGram } from "./centred-gram.ts";
import { dampDiagonal } from "./feedback-rounding.ts";
import type { WeightMatrix } from "./input-scheme.ts";
import type { InputStatistics } from "./input-statistics.ts";
import { unitUpperFactor } from "./unit-upper-factor.ts";
import { MAX_WEIGHT_CODE } from "./weight-codes.ts";

export interface BalanceSmoothingOptions {
  readonly statistics: InputStatistics;
  /** All that read the input. */
  readonly weights: readonly WeightMatrix[];
  /** Smoothing to start from. */
  readonly start: Float32Array;
  /** Largest magnitude of an input's code. */
  readonly largestInputCode: number;
}

const PASSES = 60;
/** Largest change of a factor's logarithm in the first pass; it falls to nothing in the last. */
const FIRST_CHANGE = 0.3;
/** Added to an input's share of the inputs' error, and, divided by the inputs, of the weights': no logarithm of 0. */
const LEAST_INPUT_SHARE = 1e-6;
const LEAST_WEIGHT_SHARE = 1e-2;

/**
 * The smoothing with the smallest expected error of the product. Rounding weights costs Σₖ dₖ / sₖ² · Σ_c step_c² / 12, where dₖ is
 * what the other inputs do not tell of input k (feedback rounding makes up for the rest) and step_c = maxₖ |w_kc| sₖ / 127. It is
 * least where every input's share of the first sum equals its share of the second, as the largest of some columns; factors are
 * moved towards that. What coding the inputs costs, Σₖ sₖ² |wₖ|² times the mean of their rows' steps² / 12, is small for codes of 14
 * bits; it counts when the best pass is chosen, so that no column of inputs is blown up.
 */
export function balanceSmoothing(options: BalanceSmoothingOptions): Float32Array {
  const { statistics, weights, start } = options;
  const { width } = statistics;
  const rounding = unexplainedVariances(statistics);
  const rowSquares = squaresOfRows(weights, width);
  const logarithms = Float64Array.from(start, Math.log);
  let best = start;
  let leastError = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < PASSES; pass += 1) {
    const factors = Float32Array.from(logarithms, Math.exp);
    const inputShares = rounding.map((variance, k) => variance / (factors[k] ?? 1) ** 2);
    const weightShares = squaredRanges(weights, factors);
    const [inputSum, weightSum] = [sum(inputShares), sum(weightShares)];
    if (!(weightSum > 0)) {
      return start; // nothing to round
    }
    const inputCost = sum(rowSquares.map((squares, k) => squares * (factors[k] ?? 1) ** 2));
    const error =
      (inputSum * weightSum) / MAX_WEIGHT_CODE ** 2 +
      (inputCost * meanSquaredRange(statistics, factors)) / options.largestInputCode ** 2;
    if (error < leastError) {
      leastError = error;
      best = factors;
    }
    const change = FIRST_CHANGE * (1 - pass / PASSES);
    for (let k = 0; k < width; k += 1) {
      const ratio =
        ((inputShares[k] ?? 0) / inputSum + LEAST_INPUT_SHARE) /
        ((weightShares[k] ?? 0) / weightSum + LEAST_WEIGHT_SHARE / width);
      logarithms[k] = (logarithms[k] ?? 0) + change * Math.max(-1, Math.min(1, Math.log(ratio)));
    }
  }
  return best;
}

/** Variance of each input that is left when those after it are known: D of the gram's factors. */
function unexplainedVariances(statistics: InputStatistics): Float64Array {
  const { width, weight } = statistics;
  const factor = unitUpperFactor(dampDiagonal(centredGram(statistics), width), width);
  return Float64Array.from({ length: width }, (_, k) => (factor[k * width + k] ?? 0) / weight);
}

/** Squares of the columns' largest smoothed weights, summed by the input whose weight it is. */
function squaredRanges(weights: readonly WeightMatrix[], factors: Float32Array): Float64Array {
  const sums = new Float64Array(factors.length);
  for (const { data, outputs } of weights) {
    const largest = new Float32Array(outputs);
    const rows = new Uint32Array(outputs);
    for (const [k, factor] of factors.entries()) {
      for (let column = 0; column < outputs; column += 1) {
        const range = Math.abs(data[k * outputs + column] ?? 0) * factor;
        if (range > (largest[column] ?? 0)) {
          largest[column] = range;
          rows[column] = k;
        }
      }
    }
    for (const [column, row] of rows.entries()) {
      sums[row] = (sums[row] ?? 0) + (largest[column] ?? 0) ** 2;
    }
  }
  return sums;
}

function squaresOfRows(weights: readonly WeightMatrix[], width: number): Float64Array {
  const squares = new Float64Array(width);
  for (const { data, outputs } of weights) {
    for (const [index, weight] of data.entries()) {
      const row = Math.floor(index / outputs);
      squares[row] = (squares[row] ?? 0) + weight * weight;
    }
  }
  return squares;
}

/** Mean over the sampled rows of the square of the largest smoothed magnitude. */
function meanSquaredRange({ sample, sampleRows, width }: InputStatistics, factors: Float32Array): number {
  let squares = 0;
  for (let base = 0; base < sample.length; base += width) {
    let largest = 0;
    for (let k = 0; k < width; k += 1) {
      largest = Math.max(largest, Math.abs(sample[base + k] ?? 0) / (factors[k] ?? 1));
    }
    squares += largest * largest;
  }
  return squares / Math.max(1, sampleRows);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
