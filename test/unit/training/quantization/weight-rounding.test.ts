import * as fc from "fast-check";
import { test } from "vitest";
import { roundWithFeedback } from "../../../../training/quantization/feedback-rounding.ts";
import { unitUpperFactor } from "../../../../training/quantization/unit-upper-factor.ts";
import {
  MAX_WEIGHT_CODE,
  columnScales,
  maxPairSum,
  roundToNearest,
} from "../../../../training/quantization/weight-codes.ts";
import type { WeightCodes } from "../../../../training/quantization/weight-codes.ts";
import { wave } from "../../../support/onnx-graph.ts";

const INPUTS = 24;
const OUTPUTS = 10;
const PAIR_SUM = 128;

/** Rows that share a few directions: what the hidden states of a transformer look like. */
function correlatedRows(count: number): Float64Array {
  const rows = new Float64Array(count * INPUTS);
  const directions = wave(3 * INPUTS, 5);
  const loads = wave(3 * count, 9);
  const noise = wave(count * INPUTS, 2);
  for (let row = 0; row < count; row += 1) {
    for (let k = 0; k < INPUTS; k += 1) {
      const shared = [0, 1, 2].reduce(
        (sum, d) => sum + (loads[3 * row + d] ?? 0) * (directions[d * INPUTS + k] ?? 0),
        0,
      );
      rows[row * INPUTS + k] = shared + 0.1 * (noise[row * INPUTS + k] ?? 0);
    }
  }
  return rows;
}

function gramOf(rows: Float64Array): Float64Array {
  const gram = new Float64Array(INPUTS * INPUTS);
  for (let base = 0; base < rows.length; base += INPUTS) {
    for (let i = 0; i < INPUTS * INPUTS; i += 1) {
      const product = (rows[base + Math.floor(i / INPUTS)] ?? 0) * (rows[base + (i % INPUTS)] ?? 0);
      gram[i] = (gram[i] ?? 0) + product;
    }
  }
  return gram;
}

function productError(rows: Float64Array, weights: Float32Array, { codes, scales }: WeightCodes): number {
  let error = 0;
  for (let base = 0; base < rows.length; base += INPUTS) {
    for (let column = 0; column < OUTPUTS; column += 1) {
      let difference = 0;
      for (let k = 0; k < INPUTS; k += 1) {
        const index = k * OUTPUTS + column;
        difference += (rows[base + k] ?? 0) * ((weights[index] ?? 0) - (codes[index] ?? 0) * (scales[column] ?? 0));
      }
      error += difference ** 2;
    }
  }
  return error;
}

test("the factor multiplies back to the matrix", ({ expect }) => {
  const gram = gramOf(correlatedRows(60));
  const factor = unitUpperFactor(gram.slice(), INPUTS);
  const unit = (row: number, column: number): number =>
    row === column ? 1 : row < column ? (factor[row * INPUTS + column] ?? 0) : 0;
  for (let i = 0; i < INPUTS; i += 1) {
    for (let j = 0; j < INPUTS; j += 1) {
      let sum = 0;
      for (let l = 0; l < INPUTS; l += 1) {
        sum += unit(i, l) * (factor[l * INPUTS + l] ?? 0) * unit(j, l);
      }
      expect(sum).toBeCloseTo(gram[i * INPUTS + j] ?? 0, 8);
    }
  }
});

test("a matrix that is not positive definite is refused", ({ expect }) => {
  expect(() => unitUpperFactor(Float64Array.of(1, 2, 2, 1), 2)).toThrow(/not positive definite/u);
});

test("feedback rounding lowers the error of the product on correlated inputs by half at least", ({ expect }) => {
  const rows = correlatedRows(200);
  const weights = wave(INPUTS * OUTPUTS, 3);
  const grid = { weights, outputs: OUTPUTS, maxPairSum: PAIR_SUM };
  const scales = columnScales(grid).map((scale) => scale * 8); // coarse, so that rounding matters
  const plain = roundToNearest(grid, scales);
  const feedback = roundWithFeedback({ ...grid, inputs: INPUTS, scales, gram: gramOf(rows) });
  expect(productError(rows, weights, feedback)).toBeLessThan(0.5 * productError(rows, weights, plain));
});

test("with inputs that do not correlate feedback rounding is plain rounding", ({ expect }) => {
  const weights = wave(INPUTS * OUTPUTS, 4);
  const grid = { weights, outputs: OUTPUTS, maxPairSum: PAIR_SUM };
  const scales = columnScales(grid);
  const gram = new Float64Array(INPUTS * INPUTS);
  for (let k = 0; k < INPUTS; k += 1) {
    gram[k * INPUTS + k] = 1 + k;
  }
  const { codes } = roundWithFeedback({ ...grid, inputs: INPUTS, scales, gram });
  expect(codes).toEqual(roundToNearest(grid, scales).codes);
});

test("the input that varies most is rounded first, to the nearest, and the others make up for it", ({ expect }) => {
  const loads = Float64Array.from({ length: INPUTS }, (_, k) => 1 + k); // one direction; the last input varies most
  const gram = Float64Array.from(
    { length: INPUTS ** 2 },
    (_, i) => (loads[Math.floor(i / INPUTS)] ?? 0) * (loads[i % INPUTS] ?? 0),
  );
  const weights = wave(INPUTS * OUTPUTS, 4);
  const grid = { weights, outputs: OUTPUTS, maxPairSum: 2 * MAX_WEIGHT_CODE };
  const scales = columnScales(grid);
  const { codes } = roundWithFeedback({ ...grid, inputs: INPUTS, scales, gram });
  const plain = roundToNearest(grid, scales).codes;
  const last = (INPUTS - 1) * OUTPUTS;
  expect(codes.subarray(last)).toEqual(plain.subarray(last));
  expect(codes.subarray(0, last)).not.toEqual(plain.subarray(0, last));
});

test("no pair of rows exceeds the limit, whichever is rounded first", ({ expect }) => {
  fc.assert(
    fc.property(matrices, fc.array(fc.float({ min: 0.5, max: 4, noNaN: true }), { minLength: 9 }), (matrix, loads) => {
      const { weights, outputs } = matrix;
      const inputs = weights.length / outputs;
      const gram = Float64Array.from(
        { length: inputs ** 2 },
        (_, i) => (loads[Math.floor(i / inputs)] ?? 1) * (loads[i % inputs] ?? 1),
      );
      const grid = { weights, outputs, maxPairSum: PAIR_SUM };
      const { codes } = roundWithFeedback({ ...grid, inputs, scales: columnScales(grid), gram });
      for (const [index, code] of codes.entries()) {
        const isOdd = Math.floor(index / outputs) % 2 === 1;
        expect(Math.abs(code + (isOdd ? (codes[index - outputs] ?? 0) : 0))).toBeLessThanOrEqual(PAIR_SUM);
      }
    }),
  );
});

test("inputs that were always zero leave plain rounding", ({ expect }) => {
  const weights = wave(INPUTS * OUTPUTS, 4);
  const grid = { weights, outputs: OUTPUTS, maxPairSum: PAIR_SUM };
  const scales = columnScales(grid);
  const gram = new Float64Array(INPUTS * INPUTS);
  const { codes } = roundWithFeedback({ ...grid, inputs: INPUTS, scales, gram });
  expect(codes).toEqual(roundToNearest(grid, scales).codes);
});

const matrices = fc
  .record({ rows: fc.integer({ min: 1, max: 9 }), outputs: fc.integer({ min: 1, max: 5 }) })
  .chain(({ rows, outputs }) =>
    fc.record({
      outputs: fc.constant(outputs),
      weights: fc
        .array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: rows * outputs, maxLength: rows * outputs })
        .map((values) => Float32Array.from(values)),
    }),
  );

test.for([
  [255, 128],
  [127, 258],
] as const)("input codes up to %i allow pairs of weights up to %i", ([largest, limit], { expect }) => {
  expect(maxPairSum(largest)).toBe(limit);
  expect(largest * limit).toBeLessThanOrEqual(32_767);
  expect(largest * (limit + 1)).toBeGreaterThan(32_767);
});

test.for([127, 255])(
  "no code leaves int8 and no pair of rows can saturate 16 bits with inputs up to %i, whatever the weights",
  (largest, { expect }) => {
    fc.assert(
      fc.property(matrices, ({ weights, outputs }) => {
        const grid = { weights, outputs, maxPairSum: maxPairSum(largest) };
        const { codes } = roundToNearest(grid, columnScales(grid));
        for (const [index, code] of codes.entries()) {
          expect(Math.abs(code)).toBeLessThanOrEqual(MAX_WEIGHT_CODE);
          const row = Math.floor(index / outputs);
          const partner = row % 2 === 1 ? (codes[index - outputs] ?? 0) : 0;
          const worst = largest * (Math.max(0, code) + Math.max(0, partner));
          const lowest = largest * (Math.min(0, code) + Math.min(0, partner));
          expect(worst).toBeLessThanOrEqual(32_767);
          expect(lowest).toBeGreaterThanOrEqual(-32_768);
        }
      }),
    );
  },
);

test("plain rounding is within a step of the weight, half a step but for a pair at the limit", ({ expect }) => {
  fc.assert(
    fc.property(matrices, ({ weights, outputs }) => {
      const grid = { weights, outputs, maxPairSum: PAIR_SUM };
      const { codes, scales } = roundToNearest(grid, columnScales(grid));
      for (const [index, weight] of weights.entries()) {
        const column = index % outputs;
        const step = scales[column] ?? 0;
        const row = Math.floor(index / outputs);
        const partner = codes[index - outputs] ?? 0;
        const isAtLimit = row % 2 === 1 && Math.abs((codes[index] ?? 0) + partner) === PAIR_SUM;
        const error = Math.abs(weight - (codes[index] ?? 0) * step);
        expect(error).toBeLessThanOrEqual(step * (isAtLimit ? 1.01 : 0.5001));
      }
    }),
  );
});

test("where no pair can saturate, a step is a 127th of the column's largest weight", ({ expect }) => {
  fc.assert(
    fc.property(matrices, ({ weights, outputs }) => {
      const scales = columnScales({ weights, outputs, maxPairSum: maxPairSum(127) });
      for (const [column, scale] of scales.entries()) {
        const largest = Math.max(...weights.filter((_, index) => index % outputs === column).map(Math.abs));
        expect(scale).toBe(Math.fround(largest / MAX_WEIGHT_CODE) || 1); // 0 also below the smallest float
      }
    }),
  );
});
