import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import {
  checkExamplesOfCorpus,
  readTrainingExamples,
  writeTrainingExamples,
} from "../../../../training/artifacts/training-examples.ts";
import type { TrainingExample } from "../../../../training/artifacts/training-examples.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const CORPUS = new Set(["p1", "p2", "p3"]);
const LINE = {
  query_id: "q1",
  query: "who?",
  positives: [{ passage_id: "p1", from: ["human"] }],
  hard_negatives: ["p2"],
};

test("examples come back as they were written, and the meta file says from what", async ({
  expect,
  onTestFinished,
}) => {
  const file = path.join(await temporaryFolder(onTestFinished), "train.jsonl");
  const examples: TrainingExample[] = [
    {
      queryId: "q1",
      query: "who?",
      positives: [{ passageId: "p1", from: ["human", "likelihood-gain"], score: 0.5 }],
      hardNegatives: ["p3", "p2"],
      scores: { p1: 0.5, p2: -1 },
    },
    { queryId: "q2", query: "where?", positives: [{ passageId: "p2", from: ["lm"] }], hardNegatives: [] },
  ];
  const inputs = { corpus: "c", queries: "q", scores: "s" };
  expect(await writeTrainingExamples(file, { examples, inputs, options: { depth: 100 } })).toBe(2);
  expect(await Array.fromAsync(readTrainingExamples(file, CORPUS))).toEqual(examples);
  expect(JSON.parse(await readFile(`${file}.meta.json`, "utf8"))).toMatchObject({
    stage: "build",
    schemaVersion: 1,
    inputs,
    options: { depth: 100 },
    facts: { examples: 2 },
  });
});

test.for([
  ["no positives", { positives: [] }, /train\.jsonl:2: query "q2" has no positives/u],
  ["an unknown positive", { positives: [{ passage_id: "p9", from: ["human"] }] }, /names passage "p9".*does not have/u],
  ["an unknown negative", { hard_negatives: ["p8"] }, /names passage "p8"/u],
  ["an unknown scored passage", { scores: { p7: 1 } }, /names passage "p7"/u],
  ["a negative that is a positive", { hard_negatives: ["p2", "p1"] }, /lists passage "p1" twice/u],
  ["a negative twice", { hard_negatives: ["p2", "p2"] }, /lists passage "p2" twice/u],
  ["a query seen before", { query_id: "q1" }, /train\.jsonl:2: query "q1" is already on line 1/u],
  ["a positive from nobody", { positives: [{ passage_id: "p1", from: [] }] }, /positives\.0\.from/u],
  ["an empty query", { query: "  " }, /query: a query must not be empty/u],
  ["an unknown field", { negatives: [] }, /negatives/u],
] as const)("%s is an error with file and line", async ([, fields, message], { expect, onTestFinished }) => {
  const file = path.join(await temporaryFolder(onTestFinished), "train.jsonl");
  await writeFile(file, `${JSON.stringify(LINE)}\n${JSON.stringify({ ...LINE, query_id: "q2", ...fields })}\n`);
  await expect(Array.fromAsync(readTrainingExamples(file, CORPUS))).rejects.toThrow(message);
});

test("a file without a line is an error", async ({ expect, onTestFinished }) => {
  const file = path.join(await temporaryFolder(onTestFinished), "dev.jsonl");
  await writeFile(file, "\n");
  await expect(Array.fromAsync(readTrainingExamples(file, CORPUS))).rejects.toThrow(/dev\.jsonl: holds no example/u);
});

test("examples of another corpus are refused, those without a meta file are not", async ({
  expect,
  onTestFinished,
}) => {
  const folder = await temporaryFolder(onTestFinished);
  const file = path.join(folder, "train.jsonl");
  await writeTrainingExamples(file, { examples: [], inputs: { corpus: "aa", queries: "q" }, options: {} });
  await expect(checkExamplesOfCorpus(file, "aa")).resolves.toBeUndefined();
  await expect(checkExamplesOfCorpus(file, "bb")).rejects.toThrow(/sha256 aa, this one has bb; build it again/u);
  await expect(checkExamplesOfCorpus(path.join(folder, "other.jsonl"), "bb")).resolves.toBeUndefined();
});
