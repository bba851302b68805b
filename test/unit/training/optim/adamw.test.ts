import * as fc from "fast-check";
import { describe, test } from "vitest";
import { adamw } from "../../../../training/optim/adamw.ts";
import type { AdamWOptions } from "../../../../training/optim/adamw.ts";
import type { OptimizerState } from "../../../../training/optim/gradient-transformation.ts";
import type { Gradient, RowGradient } from "../../../../training/optim/gradient.ts";
import type { Parameter } from "../../../../training/optim/parameter.ts";
import { waveParameter } from "../../../support/parameters.ts";

/** The weights after one step for each list of gradients, starting from `parameter`, which is not changed. */
function train(
  parameter: Parameter,
  gradients: readonly Gradient[],
  options: AdamWOptions,
): { readonly weights: Float32Array; readonly state: OptimizerState } {
  const own = { ...parameter, data: parameter.data.slice() };
  const optimizer = adamw(options);
  const state = optimizer.init([own]);
  for (const gradient of gradients) {
    optimizer.update({ gradients: new Map([[own.name, gradient]]) }, state, [own]);
  }
  return { weights: own.data, state };
}

/** The running means written out as sums over all earlier gradients, in double precision: no recursion as in the code. */
function expectedWeight(
  start: number,
  slopes: readonly number[],
  options: Required<Omit<AdamWOptions, "settings" | "absentRows">> & { weightDecay: number },
): number {
  const {
    learningRate,
    schedule,
    betas: [beta1, beta2],
    epsilon,
    weightDecay,
  } = options;
  let weight = start;
  for (let t = 1; t <= slopes.length; t += 1) {
    const past = slopes.slice(0, t);
    const mean = past.reduce((sum, g, i) => sum + (1 - beta1) * beta1 ** (t - 1 - i) * g, 0) / (1 - beta1 ** t);
    const square = past.reduce((sum, g, i) => sum + (1 - beta2) * beta2 ** (t - 1 - i) * g * g, 0) / (1 - beta2 ** t);
    const rate = learningRate * schedule(t - 1);
    weight = weight - rate * weightDecay * weight - (rate * mean) / (Math.sqrt(square) + epsilon);
  }
  return weight;
}

const RATE_ONE = { learningRate: 0.1 } as const;
const decay = (weightDecay: number, rateScale = 1) => new Map([["w", { isFrozen: false, weightDecay, rateScale }]]);

describe("adamw", () => {
  test("moves by the learning rate against the sign of a first gradient of any size", ({ expect }) => {
    const parameter = { name: "w", dims: [3], data: Float32Array.of(1, 1, 1) };
    const { weights } = train(parameter, [Float32Array.of(1e-4, -5, 300)], RATE_ONE);
    expect([...weights].map((weight) => weight.toFixed(4))).toEqual(["0.9000", "1.1000", "0.9000"]);
  });

  test("does not move without gradients, but decays by rate times decay", ({ expect }) => {
    const parameter = { name: "w", dims: [1], data: Float32Array.of(2) };
    const options = { learningRate: 0.1, settings: decay(0.5, 0.2) };
    const { weights } = train(parameter, [Float32Array.of(0), Float32Array.of(0)], options);
    expect(weights[0]).toBeCloseTo(2 * (1 - 0.1 * 0.2 * 0.5) ** 2, 6);
  });

  test("is the formula with its running means written out as sums", ({ expect }) => {
    const slope = fc.double({ min: -3, max: 3, noNaN: true }).map(Math.fround);
    fc.assert(
      fc.property(
        fc.array(slope, { minLength: 1, maxLength: 12 }),
        fc.record({
          weightDecay: fc.constantFrom(0, 0.01, 0.3),
          beta1: fc.constantFrom(0.9, 0.5),
          beta2: fc.constantFrom(0.999, 0.9),
        }),
        (slopes, { weightDecay, beta1, beta2 }) => {
          const options = {
            learningRate: 0.01,
            schedule: (step: number) => 1 / (1 + step),
            betas: [beta1, beta2] as const,
            epsilon: 1e-3,
          };
          const parameter = { name: "w", dims: [1], data: Float32Array.of(0.7) };
          const gradients = slopes.map((g) => Float32Array.of(g));
          const { weights } = train(parameter, gradients, { ...options, settings: decay(weightDecay) });
          const expected = expectedWeight(Math.fround(0.7), slopes, { ...options, weightDecay });
          expect(Math.abs((weights[0] ?? NaN) - expected)).toBeLessThan(3e-6);
        },
      ),
    );
  });

  test("advances moments and step count at a rate of 0", ({ expect }) => {
    const parameter = waveParameter("w", [2, 2]);
    const { weights, state } = train(parameter, [Float32Array.of(1, 2, 3, 4)], { ...RATE_ONE, schedule: () => 0 });
    expect(weights).toEqual(parameter.data);
    expect([...(state.get("adamw.mean/w") ?? [])].map((mean) => mean.toFixed(3))).toEqual([
      "0.100",
      "0.200",
      "0.300",
      "0.400",
    ]);
    expect(state.get("adamw.step")?.[0]).toBe(1);
  });

  test("multiplies every gradient by the scale of the updates", ({ expect }) => {
    const parameter = waveParameter("w", [4]);
    const other = { ...parameter, data: parameter.data.slice() };
    const optimizer = adamw({ learningRate: 0.1, epsilon: 1 });
    const gradient = Float32Array.of(4, -8, 0.5, 1);
    optimizer.update({ gradients: new Map([["w", gradient]]), scale: 0.25 }, optimizer.init([parameter]), [parameter]);
    optimizer.update({ gradients: new Map([["w", gradient.map((g) => g / 4)]]) }, optimizer.init([other]), [other]);
    expect(parameter.data).toEqual(other.data);
  });

  test("says which parameter has no gradient, and changes nothing", ({ expect }) => {
    const parameters = [waveParameter("a", [2]), waveParameter("b", [2])];
    const before = parameters.map(({ data }) => data.slice());
    const optimizer = adamw(RATE_ONE);
    const state = optimizer.init(parameters);
    const gradients = new Map([["a", Float32Array.of(1, 1)]]);
    expect(() => optimizer.update({ gradients }, state, parameters)).toThrow('"b" got no gradient; freeze it');
    expect(parameters.map(({ data }) => data)).toEqual(before);
    expect(state.get("adamw.step")?.[0]).toBe(0);
  });

  const wrong: [string, Gradient][] = [
    ["has 3 elements, expected 6", new Float32Array(3)],
    ["has 3 elements for 2 rows, expected 4", { rows: Int32Array.of(0, 1), values: new Float32Array(3) }],
    ["names row 3, which the table does not have", { rows: Int32Array.of(3), values: new Float32Array(2) }],
    ["names row -1", { rows: Int32Array.of(-1), values: new Float32Array(2) }],
  ];
  test.for(wrong)("refuses a gradient that %s", ([message, gradient], { expect }) => {
    expect(() => train(waveParameter("w", [3, 2]), [gradient], RATE_ONE)).toThrow(message);
  });

  test("refuses a state that is not of its parameters", ({ expect }) => {
    const optimizer = adamw(RATE_ONE);
    const state = optimizer.init([waveParameter("a", [2])]);
    const gradients = new Map([["b", new Float32Array(2)]]);
    expect(() => optimizer.update({ gradients }, state, [waveParameter("b", [2])])).toThrow(
      'no Float32Array "adamw.mean/b"',
    );
  });
});

describe("rows of a table", () => {
  const TABLE = waveParameter("w", [6, 3]);
  const rowGradient = (rows: readonly number[]): RowGradient => ({
    rows: Int32Array.from(rows),
    values: Float32Array.from({ length: 3 * rows.length }, (_, index) =>
      Math.fround(Math.sin(index + rows.length) / 3),
    ),
  });
  const spread = ({ rows, values }: RowGradient): Float32Array => {
    const full = new Float32Array(TABLE.data.length);
    for (const [position, row] of rows.entries()) {
      full.set(values.subarray(3 * position, 3 * position + 3), 3 * row);
    }
    return full;
  };

  test("dense: every bit as with the zeros written out", ({ expect }) => {
    const rowLists = fc.array(fc.uniqueArray(fc.nat(5), { maxLength: 6 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(rowLists, fc.constantFrom(0, 0.01), (lists, weightDecay) => {
        const gradients = lists.map(rowGradient);
        const options = { ...RATE_ONE, settings: decay(weightDecay) };
        const byRow = train(TABLE, gradients, options);
        const whole = train(TABLE, gradients.map(spread), options);
        expect(byRow.weights).toEqual(whole.weights);
        for (const name of ["adamw.mean/w", "adamw.variance/w", "adamw.step"]) {
          expect(byRow.state.get(name)).toEqual(whole.state.get(name));
        }
      }),
    );
  });

  test("lazy: absent rows keep their bits and moments, named ones move as they would", ({ expect }) => {
    const options: AdamWOptions = { ...RATE_ONE, settings: decay(0.01), absentRows: "lazy" };
    const gradients = [rowGradient([4, 1]), rowGradient([1])];
    const lazy = train(TABLE, gradients, options);
    const dense = train(TABLE, gradients.map(spread), options);
    expect(lazy.weights.subarray(0, 3)).toEqual(TABLE.data.subarray(0, 3));
    expect(lazy.weights.subarray(3, 6)).toEqual(dense.weights.subarray(3, 6));
    const afterOne = train(TABLE, gradients.slice(0, 1), options);
    expect(lazy.weights.subarray(12, 15)).toEqual(afterOne.weights.subarray(12, 15));
    expect(lazy.weights.subarray(12, 15)).not.toEqual(dense.weights.subarray(12, 15));
  });

  test("dense: a row that is never named again comes to rest at 0, not at a denormal mean", ({ expect }) => {
    const later = Array.from({ length: 900 }, () => rowGradient([0]));
    const { state } = train(TABLE, [rowGradient([5]), ...later], { learningRate: 1e-3 });
    expect([...(state.get("adamw.mean/w") ?? [])].slice(15)).toEqual([0, 0, 0]);
  });
});
