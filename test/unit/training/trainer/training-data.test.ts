import path from "node:path";
import { test } from "vitest";
import { writeTrainingExamples } from "../../../../training/artifacts/training-examples.ts";
import { loadTrainingData } from "../../../../training/trainer/training-data.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const from = ["human"];
const EXAMPLES = [
  {
    queryId: "q1",
    query: "one?",
    positives: [
      { passageId: "c", from, score: 2 },
      { passageId: "a", from },
      { passageId: "b", from },
    ],
    hardNegatives: ["d"],
    scores: { d: -1 },
  },
  { queryId: "q2", query: "two?", positives: [{ passageId: "d", from }], hardNegatives: [] },
];

async function trainingFile(onTestFinished: Parameters<typeof temporaryFolder>[0], examples = EXAMPLES) {
  const file = path.join(await temporaryFolder(onTestFinished), "train.jsonl");
  await writeTrainingExamples(file, { examples, inputs: { corpus: "c", queries: "q" }, options: {} });
  return { file, passageIds: ["a", "b", "c", "d"], warn: () => undefined };
}

test("passages become rows, scores stay with them", async ({ expect, onTestFinished }) => {
  const options = await trainingFile(onTestFinished);
  expect(await loadTrainingData({ ...options, positives: "variable" })).toEqual([
    {
      queryId: "q1",
      query: "one?",
      positives: [2, 0, 1],
      hardNegatives: [3],
      scores: new Map([
        [2, 2],
        [3, -1],
      ]),
    },
    { queryId: "q2", query: "two?", positives: [3], hardNegatives: [], scores: new Map() },
  ]);
});

test("strict3 keeps queries with three positives and says how many it leaves out", async ({
  expect,
  onTestFinished,
}) => {
  const warnings: string[] = [];
  const options = await trainingFile(onTestFinished);
  const data = await loadTrainingData({
    ...options,
    positives: "strict3",
    warn: (message) => {
      warnings.push(message);
    },
  });
  expect(data.map(({ queryId }) => queryId)).toEqual(["q1"]);
  expect(warnings).toEqual([expect.stringMatching(/leaves out 1 of 2 queries/u)]);
});

test("strict3 over queries with one positive each is an error that says what to do", async ({
  expect,
  onTestFinished,
}) => {
  const options = await trainingFile(onTestFinished, EXAMPLES.slice(1));
  await expect(loadTrainingData({ ...options, positives: "strict3" })).rejects.toThrow(
    /no query has exactly 3 positives; train with positives "variable"/u,
  );
});
