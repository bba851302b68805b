import { describe, it } from "vitest";
import { comparePairs } from "../../../../training/eval/compare-pairs.ts";
import type { PerQueryScores } from "../../../../training/eval/per-query-scores.ts";

const scores = (measure: string, ...values: readonly number[]): PerQueryScores =>
  new Map(values.map((value, index) => [`q${index}`, { [measure]: value }]));

describe("comparePairs", () => {
  it("tests each pair and corrects over the pairs of a measure", ({ expect }) => {
    const base = scores("AP", 0, 0, 0, 0, 0);
    const [better, mixed] = comparePairs([
      { name: "better", ours: scores("AP", 1, 1, 1, 1, 1), theirs: base },
      { name: "mixed", ours: scores("AP", 1, -1, 1, -1, 0), theirs: base },
    ]);
    // 5 signs: 2 of 32 reach 5. 4 signs: a sum of 0 is always reached.
    expect(better).toMatchObject({ name: "better", measure: "AP", meanDifference: 1, pValue: 2 / 32, pHolm: 4 / 32 });
    expect(better).toMatchObject({ wins: 5, losses: 0, n: 5, interval: { low: 1, high: 1 } });
    expect(mixed).toMatchObject({ name: "mixed", meanDifference: 0, pValue: 1, pHolm: 1, wins: 2, losses: 2 });
  });

  it("does not correct over measures, and leaves out what one of the runs lacks", ({ expect }) => {
    const ours = new Map([["q", { AP: 1, "AnswerMatch@1": 1 }]]);
    const theirs = new Map([["q", { AP: 0, "MRR@10": 0 }]]);
    expect(comparePairs([{ name: "x", ours, theirs }])).toMatchObject([{ measure: "AP", pValue: 1, pHolm: 1, n: 1 }]);
  });

  it("refuses runs of different queries, naming one", ({ expect }) => {
    const pair = { name: "other.jsonl", ours: new Map([["a", {}]]), theirs: new Map([["b", {}]]) };
    expect(() => comparePairs([pair])).toThrow(/other.jsonl: the runs are of different queries .*"a" is in one only/u);
  });
});
