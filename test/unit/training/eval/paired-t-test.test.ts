import { describe, it } from "vitest";
import { pairedTTest } from "../../../../training/eval/paired-t-test.ts";

describe("pairedTTest", () => {
  it("agrees with a table: with 1 degree of freedom T is Cauchy, p = 1 - 2 atan(t) / π", ({ expect }) => {
    const { t, degreesOfFreedom, pValue } = pairedTTest([1, 3], [0, 0]); // mean 2, standard error 1
    expect(t).toBeCloseTo(2, 12);
    expect(degreesOfFreedom).toBe(1);
    expect(pValue).toBeCloseTo(1 - (2 * Math.atan(2)) / Math.PI, 12);
  });

  it("agrees with the closed form for 2 degrees of freedom: p = 1 - t / √(t² + 2)", ({ expect }) => {
    const { t, pValue } = pairedTTest([1, 2, 4.5], [0, 0.5, 1]);
    expect(pValue).toBeCloseTo(1 - t / Math.sqrt(t * t + 2), 12);
  });

  it("is symmetric", ({ expect }) => {
    const a = [0.3, 0.9, 0.1, 0.4];
    const b = [0.2, 0.95, 0, 0.1];
    expect(pairedTTest(a, b).pValue).toBeCloseTo(pairedTTest(b, a).pValue, 14);
    expect(pairedTTest(a, b).t).toBeCloseTo(-pairedTTest(b, a).t, 14);
  });

  it("says p = 1 for equal lists and p = 0 for a constant difference", ({ expect }) => {
    expect(pairedTTest([1, 2, 3], [1, 2, 3])).toMatchObject({ t: 0, pValue: 1 });
    expect(pairedTTest([2, 3, 4], [1, 2, 3])).toMatchObject({ t: Infinity, pValue: 0 });
  });

  it("refuses lists that do not pair", ({ expect }) => {
    expect(() => pairedTTest([1, 2], [1])).toThrow(/equal length of at least 2, got 2 and 1/u);
    expect(() => pairedTTest([1], [1])).toThrow(/at least 2/u);
  });
});
