import { describe, it } from "vitest";
import { rowStatistics } from "../../../../training/report/row-statistics.ts";

const scores = (...values: readonly number[]) => new Map(values.map((value, index) => [`q${index}`, { AP: value }]));

describe("rowStatistics", () => {
  it("gives means, and compares every row but the base, corrected over the rows", ({ expect }) => {
    const rows = [
      { name: "base", scores: scores(0, 0, 0, 0, 0) },
      { name: "better", scores: scores(1, 1, 1, 1, 1) },
      { name: "same", scores: scores(0, 0, 0, 0, 0) },
    ];
    const [base, better, same] = rowStatistics({ rows, base: "base", measures: ["AP", "MRR"], seed: 0 });
    expect(base).toMatchObject({ name: "base", mean: 0, n: 5, comparison: undefined });
    expect(better).toMatchObject({ name: "better", mean: 1, comparison: { pValue: 2 / 32, pHolm: 4 / 32 } });
    expect(same).toMatchObject({ name: "same", mean: 0, comparison: { pValue: 1, pHolm: 1 } });
  });

  it("compares nothing when the base is missing", ({ expect }) => {
    const rows = [{ name: "only", scores: scores(1) }];
    expect(rowStatistics({ rows, base: "base", measures: ["AP"], seed: 0 })).toMatchObject([{ comparison: undefined }]);
  });
});
