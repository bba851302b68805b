import { describe, it } from "vitest";
import { bootstrapInterval } from "../../../../training/eval/bootstrap-interval.ts";

/** numpy.random.default_rng(3).normal(0.05, 0.3, 40), rounded to 3 places. */
const FORTY = [
  0.662, -0.717, 0.175, -0.12, -0.086, -0.015, -0.556, -0.02, -0.21, 1.047, 0.118, -0.056, -0.034, -0.15, -0.267,
  -0.067, 0.195, -0.022, 0.337, -0.01, 0.057, 0.514, 0.214, -0.102, -0.005, 0.212, 0.631, -0.031, -0.023, 0.351, -0.216,
  -0.038, 0.315, 0.224, 0.077, 0.251, -0.798, 0.356, -0.238, -0.451,
];

describe("bootstrapInterval", () => {
  it("is within 0.015 of scipy 1.17.1's percentile bootstrap with 1,000,000 resamples", ({ expect }) => {
    for (const seed of [0, 1, 2]) {
      const { low, high } = bootstrapInterval(FORTY, { seed });
      expect(Math.abs(low - -0.069775)).toBeLessThan(0.015);
      expect(Math.abs(high - 0.14625)).toBeLessThan(0.015);
    }
  });

  it("counts by hand: the mean of two draws from 0 and 1 is 0, ½ and 1 with chances ¼, ½ and ¼", ({ expect }) => {
    expect(bootstrapInterval([0, 1])).toEqual({ low: 0, high: 1 });
    expect(bootstrapInterval([0, 1], { confidence: 0.4 })).toEqual({ low: 0.5, high: 0.5 }); // cuts 0.3 off both ends
  });

  it("repeats itself for a seed and has width 0 for one value", ({ expect }) => {
    expect(bootstrapInterval(FORTY, { seed: 5 })).toEqual(bootstrapInterval(FORTY, { seed: 5 }));
    expect(bootstrapInterval([0.25])).toEqual({ low: 0.25, high: 0.25 });
  });

  it("resamples each stratum by itself and weighs the strata equally", ({ expect }) => {
    // Within a stratum nothing varies, so neither does the mean of the two means.
    const strata = ["a", "b", "b", "b"];
    expect(bootstrapInterval([1, 0, 0, 0], { strata })).toEqual({ low: 0.5, high: 0.5 });
    expect(bootstrapInterval([1, 0, 0, 0])).toEqual({ low: 0, high: 0.75 });
  });

  it("refuses to resample nothing", ({ expect }) => {
    expect(() => bootstrapInterval([])).toThrow(/no value/u);
  });
});
