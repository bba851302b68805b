import { describe, it } from "vitest";
import { pickExamples } from "../../../../training/adapt/pick-examples.ts";

const scores = (values: Readonly<Record<string, number>>) =>
  new Map(Object.entries(values).map(([id, value]) => [id, { AP: value }]));

describe("pickExamples", () => {
  it("takes the largest gains and losses with both rows' passages, and leaves out what did not change", ({
    expect,
  }) => {
    const questions = ["a", "b", "c"].map((id) => ({ id, text: `${id}?`, answers: [], popularity: undefined }));
    const run = (id: string) => new Map(questions.map((question) => [question.id, [{ id, score: 1 }]]));
    const picked = pickExamples({
      row: "ours",
      measure: "AP",
      questions,
      baseScores: scores({ a: 0, b: 1, c: 0.5 }),
      scores: scores({ a: 1, b: 0.5, c: 0.5 }),
      baseRun: run("p1"),
      run: run("p2"),
      qrels: new Map([["a", new Map([["p2", 1]])]]),
      passages: new Map([["p2", { id: "p2", title: "T", text: "text" }]]),
    });
    expect(picked.map(({ question, baseScore, score }) => [question, baseScore, score])).toEqual([
      ["a?", 0, 1],
      ["b?", 1, 0.5],
    ]);
    expect(picked[0]?.passages).toEqual([{ id: "p2", title: "T", text: "text", isRelevant: true }]);
    expect(picked[0]?.basePassages).toEqual([{ id: "p1", title: "", text: "", isRelevant: false }]);
  });
});
