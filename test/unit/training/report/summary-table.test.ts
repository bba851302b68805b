import { describe, it } from "vitest";
import { summaryTable } from "../../../../training/report/summary-table.ts";
import { reportData } from "../../../support/report-data.ts";

const scores = (...values: number[]) => new Map(values.map((value, index) => [`q${index}`, { "nDCG@10": value }]));

describe("summaryTable", () => {
  it("has a line a row that retrieved, with its distance from the base", ({ expect }) => {
    const data = reportData();
    const [set] = data.sets;
    const rows = [
      { name: "none", answers: scores(1) },
      { name: "base", retrieval: scores(0.25, 0.75) },
      { name: "LM only", retrieval: scores(1, 0.5) },
    ];
    const searchedBoth = rows.map((row) => ({ ...row, ...("retrieval" in row ? { hybrid: scores(0.5, 1) } : {}) }));
    const sets = set === undefined ? [] : [{ ...set, name: "held-out", base: "base", rows }];
    expect(summaryTable({ ...data, sets }).split("\n")).toEqual([
      "row                nDCG@10  to base  p (Holm)  n",
      "held-out: base      0.5000                     2",
      "held-out: LM only   0.7500  +0.2500    1.0000  2",
    ]);
    const hybrid = sets.map((of) => ({ ...of, rows: searchedBoth }));
    expect(
      summaryTable({ ...data, sets: hybrid })
        .split("\n")
        .slice(3),
    ).toEqual([
      "held-out: base, hybrid      0.7500                     2",
      "held-out: LM only, hybrid   0.7500  +0.0000    1.0000  2",
    ]);
  });
});
