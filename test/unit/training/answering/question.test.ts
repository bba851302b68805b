import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { loadQuestions } from "../../../../training/answering/question.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const OPEN = { _id: "o1", text: "Who?", answers: ["he", ""], split: "test", prop: "author", s_pop: 12, set: "NQ" };
const CHOICE = {
  _id: "c1",
  text: "Which?",
  choices: ["x", "y"],
  answer_key: "B",
  subject: "law",
  category: "humanities",
};

async function folderOf(
  onTestFinished: Parameters<typeof temporaryFolder>[0],
  lines: readonly unknown[],
): Promise<string> {
  const folder = await temporaryFolder(onTestFinished);
  await writeFile(path.join(folder, "queries.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return folder;
}

describe("loadQuestions", () => {
  it("reads open questions and multiple choice", async ({ expect, onTestFinished }) => {
    const folder = await folderOf(onTestFinished, [OPEN, { ...OPEN, _id: "o2", split: "dev" }, CHOICE]);
    const [open, choice, ...rest] = await loadQuestions(folder, { split: "test" });
    expect(open).toMatchObject({ id: "o1", answers: ["he"], subject: "author", popularity: 12, choices: undefined });
    expect(choice).toMatchObject({ id: "c1", choices: { options: ["x", "y"], key: "B" }, category: "humanities" });
    expect(rest).toEqual([]);
  });

  it("keeps the questions of a field's value, and leaves out ids", async ({ expect, onTestFinished }) => {
    const folder = await folderOf(onTestFinished, [
      OPEN,
      { ...OPEN, _id: "o2", set: "HotpotQA" },
      { ...OPEN, _id: "o3" },
    ]);
    const found = await loadQuestions(folder, { split: "test", where: { set: "NQ" }, exclude: new Set(["o3"]) });
    expect(found.map(({ id }) => id)).toEqual(["o1"]);
  });

  it.for([
    [[{ ...OPEN, answers: [] }], /queries.jsonl:1: the question has neither answers nor choices/u],
    [[{ ...CHOICE, answer_key: "C" }], /queries.jsonl:1: answer_key must be one of A, B, got C/u],
    [[OPEN, OPEN], /queries.jsonl:2: id "o1" appears twice/u],
    [[{ ...OPEN, split: "dev" }], /no question of split "test"; its splits are dev/u],
    [[{ ...OPEN, text: " " }], /queries.jsonl:1: text: a question must not be empty/u],
  ] as const)("refuses %j", async ([lines, message], { expect, onTestFinished }) => {
    const folder = await folderOf(onTestFinished, lines);
    await expect(loadQuestions(folder, { split: "test" })).rejects.toThrow(message);
  });
});
