import { test } from "vitest";
import { blendWeights } from "../../../../training/trainer/blend-weights.ts";
import { toyTask } from "../../../support/toy-task.ts";

test("takes the share that measures best, and leaves its weights", async ({ expect }) => {
  const task = toyTask();
  // The toy's best is (5.5, -5.5): from (0, 0) half-way to (11, -11).
  const [parameter] = task.parameters;
  parameter?.data.set([11, -11]);
  const blend = await blendWeights(task, { base: [Float32Array.of(0, 0)], shares: [0.25, 0.5, 1] });
  expect(blend).toEqual({ share: 0.5, score: await task.evaluate?.() });
  expect([...(parameter?.data ?? [])]).toEqual([5.5, -5.5]);
});

test("share 1 is what was trained and share 0 the base, to the last bit", async ({ expect }) => {
  const base = Float32Array.of(0.1, -0.7);
  for (const [share, expected] of [
    [1, [30, 5]],
    [0, [...base]],
  ] as const) {
    const task = toyTask();
    await blendWeights(task, { base: [base], shares: [share] });
    expect([...(task.parameters[0]?.data ?? [])]).toEqual(expected);
  }
});

test("one share needs no measurement, several do", async ({ expect }) => {
  const task = toyTask({ hasEvaluation: false });
  const base = [Float32Array.of(0, 0)];
  expect(await blendWeights(task, { base, shares: [0.5] })).toEqual({ share: 0.5, score: null });
  await expect(blendWeights(task, { base, shares: [0.5, 1] })).rejects.toThrow("need dev questions");
});
