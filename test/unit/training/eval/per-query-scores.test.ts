import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { readPerQueryScores, writePerQueryScores } from "../../../../training/eval/per-query-scores.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("per-query scores", () => {
  it("come back as they were written", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "scores.jsonl");
    const scores = new Map([
      ["b", { "nDCG@10": 1 / 3 }],
      ["a", {}],
    ]);
    await writePerQueryScores(file, scores);
    expect([...(await readPerQueryScores(file))]).toEqual([...scores]);
  });

  it("of one query twice are refused with the line", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "scores.jsonl");
    await writeFile(file, '{"queryId":"a","scores":{}}\n{"queryId":"a","scores":{}}\n');
    await expect(readPerQueryScores(file)).rejects.toThrow(/scores.jsonl:2: query "a" appears twice/u);
  });
});
