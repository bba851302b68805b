import { test } from "vitest";
import { SCHEDULES } from "../../../../training/optim/schedule.ts";
import type { ScheduleName } from "../../../../training/optim/schedule.ts";

const half = Math.SQRT1_2 / 2;

// By hand from the definitions in transformers' optimization.py, 2 warm-up steps of 10.
const cases: [ScheduleName, number, number[]][] = [
  ["constant", 2, [0, 0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
  ["linear", 2, [0, 0.5, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8, 0, 0]],
  ["linear", 0, [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0, 0]],
];

test.for(cases)("%s with %i warm-up steps", ([name, warmupSteps, expected], { expect }) => {
  const schedule = SCHEDULES[name]({ warmupSteps, totalSteps: 10 });
  for (const [step, factor] of expected.entries()) {
    expect(schedule(step)).toBeCloseTo(factor, 12);
  }
});

test("cosine falls along half a wave and stays at 0", ({ expect }) => {
  const schedule = SCHEDULES.cosine({ warmupSteps: 2, totalSteps: 10 });
  const found = [0, 1, 2, 4, 6, 8, 10, 20].map(schedule);
  for (const [index, factor] of [0, 0.5, 1, 0.5 + half, 0.5, 0.5 - half, 0, 0].entries()) {
    expect(found[index]).toBeCloseTo(factor, 12);
  }
});

test("a training of warm-up only ends at the full rate", ({ expect }) => {
  const schedule = SCHEDULES.linear({ warmupSteps: 4, totalSteps: 4 });
  expect([0, 1, 2, 3].map(schedule)).toEqual([0, 0.25, 0.5, 0.75]);
});
