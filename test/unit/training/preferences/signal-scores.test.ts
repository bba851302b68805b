import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { readScores } from "../../../../training/preferences/signal-scores.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

type OnTestFinished = Parameters<typeof temporaryFolder>[0];

async function scoreFile(lines: readonly string[], onTestFinished: OnTestFinished): Promise<string> {
  const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
  await writeFile(file, lines.map((line) => `${line}\n`).join(""));
  return file;
}

const line = (query: string, doc: string, score: number, signal = "gain"): string =>
  JSON.stringify({ query_id: query, doc_id: doc, signal, score });

describe("readScores", () => {
  it("joins files and signals", async ({ expect, onTestFinished }) => {
    const first = await scoreFile([line("q1", "a", 1), line("q1", "a", 2, "other")], onTestFinished);
    const second = await scoreFile([line("q1", "b", -1), line("q2", "a", 3)], onTestFinished);
    const scores = await readScores({ files: [first, second] });
    expect(scores).toEqual(
      new Map([
        [
          "gain",
          new Map([
            [
              "q1",
              new Map([
                ["a", 1],
                ["b", -1],
              ]),
            ],
            ["q2", new Map([["a", 3]])],
          ]),
        ],
        ["other", new Map([["q1", new Map([["a", 2]])]])],
      ]),
    );
  });

  it("skips questions that are not asked for, but not all of them", async ({ expect, onTestFinished }) => {
    const file = await scoreFile([line("q1", "a", 1), line("q2", "a", 3)], onTestFinished);
    const scores = await readScores({ files: [file], queryIds: new Set(["q2"]) });
    expect([...(scores.get("gain")?.keys() ?? [])]).toEqual(["q2"]);
    await expect(readScores({ files: [file], queryIds: new Set(["q9"]) })).rejects.toThrow(
      /all 2 lines are of other questions/u,
    );
  });

  it("refuses labels of another corpus, naming the pair", async ({ expect, onTestFinished }) => {
    const file = await scoreFile([line("q1", "zebra", 1)], onTestFinished);
    await expect(readScores({ files: [file], corpusIds: new Set(["a"]) })).rejects.toThrow(
      /query "q1", passage "zebra": the corpus has no such passage/u,
    );
  });

  it("refuses a pair scored twice, and a malformed line with its number", async ({ expect, onTestFinished }) => {
    const twice = await scoreFile([line("q1", "a", 1), line("q1", "a", 1)], onTestFinished);
    await expect(readScores({ files: [twice] })).rejects.toThrow(/scored twice/u);
    const broken = await scoreFile([line("q1", "a", 1), '{"query_id":"q1"}'], onTestFinished);
    await expect(readScores({ files: [broken] })).rejects.toThrow(/lm-scores\.jsonl:2: doc_id/u);
  });

  it("reads nothing from no files", async ({ expect }) => {
    await expect(readScores({ files: [] })).resolves.toEqual(new Map());
  });
});
