import { describe, it } from "vitest";
import type { EvaluationSet } from "../../../../training/artifacts/beir.ts";
import { evaluateRun } from "../../../../training/eval/evaluate-run.ts";
import { parseMeasure } from "../../../../training/eval/measures.ts";

const SET: EvaluationSet = {
  queries: [
    { id: "found", text: "?", answers: ["x"] },
    { id: "missing", text: "?", answers: [] },
    { id: "unjudged", text: "?", answers: [] },
  ],
  qrels: new Map([
    ["found", new Map([["p", 1]])],
    ["missing", new Map([["p", 1]])],
  ]),
};
const measures = ["MRR@10", "AnswerMatch@1"].map(parseMeasure);
const passageText = (): string => "x";

describe("evaluateRun", () => {
  it("counts a judged query that the run lacks as 0, and leaves an unjudged one out", ({ expect }) => {
    const run = new Map([
      ["found", [{ id: "p", score: 1 }]],
      ["unjudged", [{ id: "p", score: 1 }]],
    ]);
    const evaluation = evaluateRun({ run, set: SET, measures, passageText });
    expect(evaluation).toMatchObject({ emptyQueries: 1, unjudgedQueries: 1 });
    expect(evaluation.means).toEqual([
      { measure: "MRR@10", mean: 0.5, n: 2 },
      { measure: "AnswerMatch@1", mean: 1, n: 1 },
    ]);
    expect([...evaluation.perQuery]).toEqual([
      ["found", { "MRR@10": 1, "AnswerMatch@1": 1 }],
      ["missing", { "MRR@10": 0 }],
    ]);
  });

  it("keeps the order of the run where scores tie", ({ expect }) => {
    const run = new Map([
      [
        "found",
        [
          { id: "other", score: 1 },
          { id: "p", score: 1 },
        ],
      ],
    ]);
    expect(evaluateRun({ run, set: SET, measures, passageText }).perQuery.get("found")).toMatchObject({
      "MRR@10": 0.5,
    });
  });

  it("refuses a ranking that holds a passage twice", ({ expect }) => {
    const twice = [
      { id: "p", score: 2 },
      { id: "p", score: 1 },
    ];
    expect(() => evaluateRun({ run: new Map([["found", twice]]), set: SET, measures, passageText })).toThrow(
      /query "found" holds a passage twice/u,
    );
  });

  it("refuses a set without judgments", ({ expect }) => {
    const set = { ...SET, qrels: new Map() };
    expect(() => evaluateRun({ run: new Map(), set, measures, passageText })).toThrow(/nothing to average/u);
  });
});
