import { test } from "vitest";
import { GradientAccumulator } from "../../../../training/trainer/accumulate-gradients.ts";

test("whole gradients, losses and facts are averaged, tokens summed", ({ expect }) => {
  const accumulator = new GradientAccumulator(2);
  const shared = Float32Array.of(2, 4);
  accumulator.add({ loss: 1, gradients: new Map([["w", shared]]), tokens: 3, facts: { maskedShare: 0.5 } });
  shared.set([0, -2]); // a session gives the same array every time
  accumulator.add({ loss: 3, gradients: new Map([["w", shared]]), tokens: 4, facts: { maskedShare: 0 } });
  expect(accumulator.result()).toEqual({
    loss: 2,
    gradients: new Map([["w", Float32Array.of(1, 1)]]),
    tokens: 7,
    facts: { maskedShare: 0.25 },
  });
});

test("gradients of rows are joined by row", ({ expect }) => {
  const accumulator = new GradientAccumulator(2);
  const add = (rows: number[], values: number[]): void => {
    const gradient = { rows: Int32Array.from(rows), values: Float32Array.from(values) };
    accumulator.add({ loss: 0, gradients: new Map([["table", gradient]]), tokens: 0 });
  };
  add([5, 2], [2, 2, 4, 4]);
  add([2, 9], [2, 0, 6, 8]);
  expect(accumulator.result().gradients.get("table")).toEqual({
    rows: Int32Array.of(5, 2, 9),
    values: Float32Array.of(1, 1, 3, 2, 3, 4),
  });
});

test("a parameter with gradients of two kinds is a defect", ({ expect }) => {
  const accumulator = new GradientAccumulator(2);
  accumulator.add({ loss: 0, gradients: new Map([["w", Float32Array.of(1)]]), tokens: 0 });
  const rows = { rows: Int32Array.of(0), values: Float32Array.of(1) };
  expect(() => {
    accumulator.add({ loss: 0, gradients: new Map([["w", rows]]), tokens: 0 });
  }).toThrow(/"w" got gradients of two kinds/u);
});
