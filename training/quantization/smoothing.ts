import type { InputStatistics } from "./input-statistics.ts";

/** Weights (inputs, outputs) for an input that was divided by `smoothing`, column by column; undefined: it was not. */
export function smoothWeights(
  weights: Float32Array,
  outputs: number,
  smoothing: Float32Array | undefined,
): Float32Array {
  return smoothing === undefined
    ? weights
    : weights.map((weight, index) => weight * (smoothing[Math.floor(index / outputs)] ?? 1));
}

/** Second moments of the smoothed input. A copy: rounding overwrites it. */
export function smoothGram({ gram, width }: InputStatistics, smoothing: Float32Array | undefined): Float64Array {
  const smoothed = gram.slice();
  if (smoothing !== undefined) {
    for (let row = 0; row < width; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const index = row * width + column;
        smoothed[index] = (smoothed[index] ?? 0) / ((smoothing[row] ?? 1) * (smoothing[column] ?? 1));
      }
    }
  }
  return smoothed;
}
