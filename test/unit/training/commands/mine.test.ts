import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { readTrecRun } from "../../../../training/artifacts/trec.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import { runCliInProcess as runCli } from "../../../support/run-cli-in-process.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("aar mine", () => {
  it("writes candidates with a meta file, and in a further round the pairs without a score", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeBeirFolder(folder, SMALL_BEIR);
    const scores = path.join(folder, "lm-scores.jsonl");
    await writeFile(scores, '{"query_id":"q3","doc_id":"river","signal":"likelihood-gain","score":0.5}\n');
    const output = path.join(folder, "mined");
    const flags = ["--data", folder, "--split", "dev", "--output", output, "--mode", "lexical"];
    const cache = ["--cache", path.join(folder, "cache")];
    const { code, stdout, stderr } = await runCli(["mine", ...flags, ...cache, "--refresh", scores]);
    expect([code, stderr.includes("error")], stderr).toEqual([0, false]);
    const run = await readTrecRun(path.join(output, "candidates.trec"));
    expect([...run].map(([id, passages]) => [id, passages.map((passage) => passage.id)])).toEqual([
      ["q3", ["river"]],
      ["q4", ["coast"]],
    ]);
    const pairs = await readTrecRun(path.join(output, "new-pairs.trec"));
    expect([...pairs.keys()]).toEqual(["q4"]);
    const positives = { judged: 2, first: 1, firstTen: 1, anywhere: 1 };
    expect(JSON.parse(stdout)).toMatchObject({ questions: 2, newPairs: 1, positives });
    const meta: unknown = JSON.parse(await readFile(path.join(output, "candidates.trec.meta.json"), "utf8"));
    expect(meta).toMatchObject({ stage: "mine", facts: { depth: 100, mode: "lexical", split: "dev", positives } });
  });

  it("refuses the test split", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeBeirFolder(folder, SMALL_BEIR);
    const flags = ["--data", folder, "--split", "test", "--output", path.join(folder, "mined"), "--mode", "lexical"];
    const { code, stderr } = await runCli(["mine", ...flags]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/split "test" is a test split and not for mining/u);
  });
});
