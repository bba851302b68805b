import { describe, it } from "vitest";
import { averageRanks, rankCorrelation } from "../../../../training/scoring/rank-correlation.ts";

describe("rankCorrelation", () => {
  it("is worked out by hand", ({ expect }) => {
    // ranks 1 2 3 4 5 against 2 1 4 3 5: 1 - 6 * 4 / (5 * 24)
    expect(rankCorrelation([10, 20, 30, 40, 50], [2, 1, 4, 3, 5])).toBeCloseTo(0.8, 12);
    expect(rankCorrelation([1, 2, 3], [-1, -20, -300])).toBeCloseTo(-1, 12);
  });

  it("gives ties the mean of their ranks", ({ expect }) => {
    expect(averageRanks([5, 1, 5, 0])).toEqual([3.5, 2, 3.5, 1]);
    // ranks 1 2.5 2.5 4 against 1 2 3 4: 4.5 / sqrt(4.5 * 5), scipy.stats.spearmanr says 0.9486832980505138
    expect(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(0.9486832980505138, 12);
  });

  it("is undefined when a side does not vary", ({ expect }) => {
    expect(rankCorrelation([1, 1], [1, 2])).toBeUndefined();
    expect(rankCorrelation([], [])).toBeUndefined();
    expect(() => rankCorrelation([1], [])).toThrow(RangeError);
  });
});
