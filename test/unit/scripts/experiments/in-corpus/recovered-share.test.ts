import { test } from "vitest";
import { recoveredShare } from "../../../../../scripts/experiments/in-corpus/recovered-share.ts";

test("is the ratio of the mean gains, inside its interval", ({ expect }) => {
  const reference = Array.from({ length: 200 }, (_, index) => (index % 4 === 0 ? 0.4 : 0)); // mean 0.1
  const ours = reference.map((gain, index) => (index % 8 === 0 ? gain : 0)); // every other one of them: mean 0.05
  const { share, low, high } = recoveredShare(ours, reference) ?? { share: 0, low: 0, high: 0 };
  expect(share).toBeCloseTo(0.5, 10);
  expect(low).toBeLessThan(0.5);
  expect(high).toBeGreaterThan(0.5);
  expect(high - low).toBeLessThan(0.5);
});

test("of itself it is 1, without width", ({ expect }) => {
  expect(recoveredShare([0.1, 0.3, 0], [0.1, 0.3, 0])).toMatchObject({ share: 1, low: 1 });
});

test("there is nothing to recover of a reference that gains nothing", ({ expect }) => {
  expect(recoveredShare([0.1, 0.2], [0.1, -0.2])).toBeUndefined();
});
