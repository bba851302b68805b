import { describe, it } from "vitest";
import { chooseDocuments } from "../../../../../scripts/experiments/answers/choose-documents.ts";
import type { DocumentChoice } from "../../../../../scripts/experiments/answers/choose-documents.ts";
import { compareRows } from "../../../../../scripts/experiments/answers/compare-rows.ts";
import { shareChanged, shareFound } from "../../../../../scripts/experiments/answers/describe-row.ts";
import { createLogProbTask } from "../../../../../scripts/experiments/answers/log-prob-task.ts";
import { joinScores, meanOf, measureRows } from "../../../../../scripts/experiments/answers/measure-rows.ts";
import type { Run } from "../../../../../training/artifacts/trec.ts";
import { fakeSourceLm } from "../../../../support/fake-source-lm.ts";
import { silentProgress } from "../../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../../support/temporary-folder.ts";

const texts = new Map(["right", "wrong", "other"].map((id) => [id, { id, title: "", text: `the ${id} text` }]));
const questions = ["q1", "q2"].map((id) => ({
  id,
  text: id,
  answers: ["right"],
  choices: undefined,
  subject: undefined,
  category: undefined,
  popularity: undefined,
}));

function runOf(rankings: Readonly<Record<string, readonly string[]>>): Run {
  return new Map(Object.entries(rankings).map(([id, ids]) => [id, ids.map((passage) => ({ id: passage, score: 0 }))]));
}

const base = runOf({ q1: ["wrong", "right"], q2: ["wrong", "other"] });
const adapted = runOf({ q1: ["right", "wrong"], q2: ["wrong", "other"] });
const runs = new Map([
  ["base", base],
  ["adapted", adapted],
]);

/** -1 with the right passage first, -2 with it anywhere, -4 without. */
const lm = fakeSourceLm({
  logProbs: (prompt) => [
    prompt.startsWith("<user>Knowledge: the right") ? -1 : prompt.includes("the right text") ? -2 : -4,
  ],
});

describe("measureRows", () => {
  it("gives each row the score of what it lets the LM read", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const asking = { task: createLogProbTask(lm), folder: folder, progress: silentProgress };
    const { signal } = new AbortController();
    const scores = await measureRows({ ...asking, signal, questions, runs, texts, documents: 1 });
    expect(scores.get("base")?.get("q1")).toEqual({ LogProb: -4 });
    expect(scores.get("adapted")?.get("q1")).toEqual({ LogProb: -1 });
    expect(meanOf(scores.get("adapted"), "LogProb")).toEqual({ mean: -2.5, n: 2 });
  });

  it("fixes the smallest number of passages that is within a standard error of the best", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    const asking = { task: createLogProbTask(lm), folder, progress: silentProgress };
    const { signal } = new AbortController();
    const choose = (run: Run): Promise<DocumentChoice> =>
      chooseDocuments({ ...asking, signal, questions, texts, runs: new Map([["base", run]]), candidates: [3, 2, 1] });
    // With one passage -4 and -4; with two or three -2 and -4: differences 2 and 0, mean 1, standard error 1.
    const near = await choose(base);
    expect(near).toMatchObject({ documents: 1, n: 2 });
    expect(near.curve.slice(1)).toMatchObject([
      { documents: 1, logProb: -4, standardError: 1 },
      { documents: 2, logProb: -3, standardError: 0 },
      { documents: 3, logProb: -3, standardError: 0 },
    ]);
    // With two passages -2 for both questions: without doubt.
    const clear = await choose(runOf({ q1: ["wrong", "right"], q2: ["wrong", "right"] }));
    expect(clear.documents).toBe(2);
  });
});

describe("joinScores", () => {
  it("adds the measures of a sample, and leaves questions alone that are not in it", ({ expect }) => {
    const scores = new Map([["base", new Map(["q1", "q2"].map((id) => [id, { LogProb: -1 }]))]]);
    const others = new Map([["base", new Map([["q1", { F1: 1 }]])]]);
    expect([...(joinScores(scores, others).get("base") ?? [])]).toEqual([
      ["q1", { LogProb: -1, F1: 1 }],
      ["q2", { LogProb: -1 }],
    ]);
  });
});

describe("what a row lets the LM read", () => {
  it("holds an accepted answer for a share of the questions", ({ expect }) => {
    expect(shareFound(base, { questions, texts, documents: 1 })).toBe(0);
    expect(shareFound(base, { questions, texts, documents: 2 })).toBe(0.5);
  });

  it("differs from the reference by another order, too", ({ expect }) => {
    expect(shareChanged(adapted, base, { questions, texts, documents: 2 })).toBe(0.5);
  });
});

describe("compareRows", () => {
  const scoresOf = (gain: number): Map<string, { LogProb: number }> =>
    new Map(Array.from({ length: 30 }, (_, index) => [`q${index}`, { LogProb: (index % 7) + gain }]));
  const rows = new Map(
    Object.entries({ none: 0, bm25: 0, base: 1, human: 2, lm: 3 }).map(([row, gain]) => [row, scoresOf(gain)]),
  );

  it("compares trained rows with the base and with human, the others with the base", ({ expect }) => {
    const compared = compareRows(rows);
    expect(compared.map(({ row, against, meanDifference }) => [row, against, Math.round(meanDifference)])).toEqual([
      ["none", "base", -1],
      ["bm25", "base", -1],
      ["human", "base", 1],
      ["lm", "base", 2],
      ["lm", "human", 1],
    ]);
  });

  it("corrects the trained rows' tests together, apart from the others", ({ expect }) => {
    const compared = compareRows(rows);
    const [none, , human] = compared;
    expect((none?.pHolm ?? 0) / (none?.pValue ?? 1)).toBeCloseTo(2, 6);
    expect((human?.pHolm ?? 0) / (human?.pValue ?? 1)).toBeCloseTo(3, 6);
  });

  it("compares with the row without passages, where there is no base", ({ expect }) => {
    const two = new Map([...rows].filter(([row]) => row === "none" || row === "bm25"));
    expect(compareRows(two).map(({ row, against }) => [row, against])).toEqual([["bm25", "none"]]);
  });
});
