import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { LM_SCORES_VERSION, lmScoreLine, readLmScores } from "../../../../training/artifacts/lm-scores.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("LM scores", () => {
  it("are read back as they were written", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    const scores = [
      { queryId: "q 1", passageId: "a", signal: "likelihood-gain", score: -0.25 },
      { queryId: "q 1", passageId: "b", signal: "query-likelihood", score: 1e-9 },
    ];
    expect(lmScoreLine({ queryId: "q", passageId: "a", signal: "correctness", score: 1 })).toBe(
      '{"query_id":"q","doc_id":"a","signal":"correctness","score":1}\n',
    );
    await writeFile(file, scores.map(lmScoreLine).join(""));
    expect(await Array.fromAsync(readLmScores(file))).toEqual(scores);
    expect(LM_SCORES_VERSION).toBe(1);
  });

  it("names file, line and field of a malformed one", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    await writeFile(
      file,
      '{"query_id":"q","doc_id":"a","signal":"s","score":1}\n{"query_id":"q","doc_id":"b","signal":"s","score":null}\n',
    );
    await expect(Array.fromAsync(readLmScores(file))).rejects.toThrow(/lm-scores\.jsonl:2: score: /u);
  });
});
