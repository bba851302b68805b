import { describe, it } from "vitest";
import type { ScoredPassage } from "../../../../src/retrieval/types.ts";
import { fitFusion } from "../../../../training/eval/fit-fusion.ts";
import { parseMeasure } from "../../../../training/eval/measures.ts";
import type { RetrievedLegs } from "../../../../training/eval/retrieve-legs.ts";

const QUERIES = ["q1", "q2", "q3", "q4"].map((id) => ({ id, text: id, answers: [] }));
const SET = { queries: QUERIES, qrels: new Map(QUERIES.map(({ id }) => [id, new Map([["good", 1]])])) };
const FOUND: readonly ScoredPassage[] = [
  { id: "good", score: 0.9 },
  { id: "bad", score: 0.1 },
];
const MISSED: readonly ScoredPassage[] = [
  { id: "bad", score: 0.9 },
  { id: "worse", score: 0.5 },
  { id: "good", score: 0.4 },
];

/** Legs that put the relevant passage first for the queries named, and third for the others. */
function legs(dense: readonly string[], lexical: readonly string[]): RetrievedLegs {
  const runOf = (good: readonly string[]) => new Map(QUERIES.map(({ id }) => [id, good.includes(id) ? FOUND : MISSED]));
  return { dense: runOf(dense), lexical: runOf(lexical), similarity: "cosine", depth: 100 };
}

const options = { set: SET, measure: parseMeasure("MRR@10"), topK: 100 };

describe("fitFusion", () => {
  it("gives a leg that is always right all it needs, and is never worse than it", ({ expect }) => {
    const { best, dense, lexical, gain } = fitFusion({ ...options, legs: legs(["q1", "q2", "q3", "q4"], []) });
    expect([dense, lexical, best.score]).toEqual([1, 1 / 3, 1]);
    expect(best.fusion).toMatchObject({ method: "convex" });
    expect(gain).toMatchObject({ over: "dense", meanDifference: 0, pValue: 1 });
  });

  it("never ends below the better leg on the split it fits", ({ expect }) => {
    for (const [dense, lexical] of [
      [["q1"], ["q1", "q2", "q3"]],
      [[], ["q4"]],
      [
        ["q1", "q2"],
        ["q3", "q4"],
      ],
    ] as const) {
      const fitted = fitFusion({ ...options, legs: legs(dense, lexical) });
      expect(fitted.best.score).toBeGreaterThanOrEqual(Math.max(fitted.dense, fitted.lexical));
      expect(fitted.gain.over).toBe(fitted.dense >= fitted.lexical ? "dense" : "lexical");
    }
  });

  it("of equal scores takes the weight nearest to one half, and then the first variant", ({ expect }) => {
    const all = ["q1", "q2", "q3", "q4"];
    const { best, curve } = fitFusion({ ...options, legs: legs(all, all) });
    expect(best.fusion).toEqual({ method: "convex", weight: 0.5, normalization: "theoretical" });
    expect(curve).toHaveLength(3 * 21);
  });
});
