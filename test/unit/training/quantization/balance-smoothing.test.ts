import { test } from "vitest";
import { balanceSmoothing } from "../../../../training/quantization/balance-smoothing.ts";
import type { InputStatistics } from "../../../../training/quantization/input-statistics.ts";
import { smoothWeights } from "../../../../training/quantization/smoothing.ts";
import { columnScales, roundToNearest } from "../../../../training/quantization/weight-codes.ts";
import { wave } from "../../../support/onnx-graph.ts";

const WIDTH = 16;
const OUTPUTS = 24;
const ROWS = 200;
const FINE = 8191;
const COARSE = 63;

const ones = new Float32Array(WIDTH).fill(1);

function statisticsOf(sample: Float32Array): InputStatistics {
  const mean = new Float64Array(WIDTH);
  const gram = new Float64Array(WIDTH * WIDTH);
  const absMax = new Float32Array(WIDTH);
  for (let base = 0; base < sample.length; base += WIDTH) {
    for (let i = 0; i < WIDTH; i += 1) {
      const value = sample[base + i] ?? 0;
      mean[i] = (mean[i] ?? 0) + value / ROWS;
      absMax[i] = Math.max(absMax[i] ?? 0, Math.abs(value));
      for (let j = 0; j < WIDTH; j += 1) {
        gram[i * WIDTH + j] = (gram[i * WIDTH + j] ?? 0) + value * (sample[base + j] ?? 0);
      }
    }
  }
  return { width: WIDTH, weight: ROWS, absMax, mean, gram, sample, sampleRows: ROWS };
}

/** Mean squared error of the product with weights rounded to the nearest code. */
function roundingError(sample: Float32Array, weights: Float32Array, smoothing: Float32Array): number {
  const grid = { weights: smoothWeights(weights, OUTPUTS, smoothing), outputs: OUTPUTS, maxPairSum: 254 };
  const { codes, scales } = roundToNearest(grid, columnScales(grid));
  let squares = 0;
  for (let base = 0; base < sample.length; base += WIDTH) {
    for (let column = 0; column < OUTPUTS; column += 1) {
      let error = 0;
      for (let k = 0; k < WIDTH; k += 1) {
        const index = k * OUTPUTS + column;
        const rounded = (codes[index] ?? 0) * (scales[column] ?? 0);
        error += ((sample[base + k] ?? 0) / (smoothing[k] ?? 1)) * ((grid.weights[index] ?? 0) - rounded);
      }
      squares += error * error;
    }
  }
  return squares / ROWS / OUTPUTS;
}

test("weights that are large where inputs are small are rounded with a quarter of the error at most", ({ expect }) => {
  const sample = wave(ROWS * WIDTH, 7).map((value, index) => (index % WIDTH < 2 ? value / 20 : value));
  const weights = wave(WIDTH * OUTPUTS, 3).map((weight, index) => (index < 2 * OUTPUTS ? 10 * weight : weight));
  const statistics = statisticsOf(sample);
  const read = [{ data: weights, outputs: OUTPUTS }];
  const smoothing = balanceSmoothing({ statistics, weights: read, start: ones, largestInputCode: FINE });
  expect(roundingError(sample, weights, smoothing)).toBeLessThan(roundingError(sample, weights, ones) / 4);
});

test("an input that is large and hardly varies is not blown up where codes of inputs are coarse", ({ expect }) => {
  const sample = wave(ROWS * WIDTH, 7).map((value, index) => (index % WIDTH === 0 ? 5 + value / 100 : value));
  const data = wave(WIDTH * OUTPUTS, 3).map((weight, index) => (index < OUTPUTS ? 10 * weight : weight));
  const weights = [{ data, outputs: OUTPUTS }];
  const largest = [FINE, COARSE].map((largestInputCode) => {
    const smoothing = balanceSmoothing({ statistics: statisticsOf(sample), weights, start: ones, largestInputCode });
    return 5 / (smoothing[0] ?? NaN);
  });
  expect(largest[1]).toBeLessThan(largest[0] ?? NaN);
});

test("products of weights that are all zero are not smoothed", ({ expect }) => {
  const weights = [{ data: new Float32Array(WIDTH * OUTPUTS), outputs: OUTPUTS }];
  const statistics = statisticsOf(wave(ROWS * WIDTH, 7));
  expect(balanceSmoothing({ statistics, weights, start: ones, largestInputCode: FINE })).toEqual(ones);
});
