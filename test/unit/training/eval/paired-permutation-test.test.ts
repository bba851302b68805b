import { describe, it } from "vitest";
import { pairedPermutationTest } from "../../../../training/eval/paired-permutation-test.ts";

/** numpy.random.default_rng(3).normal(0.05, 0.3, 40), rounded to 3 places. */
const FORTY = [
  0.662, -0.717, 0.175, -0.12, -0.086, -0.015, -0.556, -0.02, -0.21, 1.047, 0.118, -0.056, -0.034, -0.15, -0.267,
  -0.067, 0.195, -0.022, 0.337, -0.01, 0.057, 0.514, 0.214, -0.102, -0.005, 0.212, 0.631, -0.031, -0.023, 0.351, -0.216,
  -0.038, 0.315, 0.224, 0.077, 0.251, -0.798, 0.356, -0.238, -0.451,
];
const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

describe("pairedPermutationTest", () => {
  it("counts by hand: of the 8 signs of 1, 2, 3 only two reach 6", ({ expect }) => {
    expect(pairedPermutationTest([1, 2, 3], zeros(3))).toMatchObject({
      pValue: 2 / 8,
      meanDifference: 2,
      isExact: true,
    });
    // |1 + 2 - 3| = 0 is always reached; sums of 2 or more in size: ±6, ±4 (1 flipped), ±2 (2 flipped): 6 of 8
    expect(pairedPermutationTest([1, -2, 3], zeros(3)).pValue).toBe(6 / 8);
  });

  it("equals scipy 1.17.1's exact permutation_test(permutation_type='samples')", ({ expect }) => {
    const { pValue, isExact } = pairedPermutationTest(
      [0.9, 0.3, 0.5, 0.8, 0.61, 0.2, 0.75],
      [0.4, 0.35, 0.1, 0.8, 0.3, 0.25, 0.7],
    );
    expect([pValue, isExact]).toEqual([0.21875, true]);
  });

  it("sampled, is within 0.006 of scipy's p from 2,000,000 resamples, for any seed", ({ expect }) => {
    for (const seed of [0, 1, 2]) {
      const { pValue, isExact } = pairedPermutationTest(FORTY, zeros(40), { seed });
      expect(isExact).toBe(false);
      expect(Math.abs(pValue - 0.5094147452926273)).toBeLessThan(0.006);
    }
  });

  it("sampled, agrees with the exact count where both can be had", ({ expect }) => {
    const eighteen = FORTY.slice(0, 18).map((value) => value + 0.2);
    const exact = pairedPermutationTest(eighteen, zeros(18));
    // Two values more, too small to matter, push it over the limit of the exact test.
    const sampled = pairedPermutationTest([...eighteen, 1e-9, -1e-9], zeros(20));
    expect([exact.isExact, sampled.isExact]).toEqual([true, false]);
    expect(Math.abs(exact.pValue - sampled.pValue)).toBeLessThan(0.006);
  });

  it("queries without a difference change the mean, not p", ({ expect }) => {
    const few = pairedPermutationTest([1, 2, 3], zeros(3));
    const many = pairedPermutationTest([1, 2, 3, ...zeros(97)], zeros(100));
    expect(many.pValue).toBe(few.pValue);
    expect(many.meanDifference).toBeCloseTo(0.06, 12);
  });

  it("says p = 1 for equal lists, and never 0", ({ expect }) => {
    expect(pairedPermutationTest([1, 2], [1, 2]).pValue).toBe(1);
    const ones = Array.from({ length: 200 }, () => 1);
    expect(pairedPermutationTest(ones, zeros(200), { samples: 999 }).pValue).toBe(1 / 1000);
  });

  it("refuses lists that do not pair", ({ expect }) => {
    expect(() => pairedPermutationTest([1, 2], [1])).toThrow(/equal length of at least 1, got 2 and 1/u);
    expect(() => pairedPermutationTest([], [])).toThrow(/at least 1/u);
  });
});
