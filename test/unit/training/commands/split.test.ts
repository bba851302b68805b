import path from "node:path";
import { describe, it } from "vitest";
import { loadCorpus, loadEvaluationSet } from "../../../../training/artifacts/beir.ts";
import { writeBeirFolder } from "../../../support/beir-folder.ts";
import { runCliInProcess as runCli } from "../../../support/run-cli-in-process.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("aar split", () => {
  it("makes a folder that the other commands read, with the fields that it does not know", async ({
    expect,
    onTestFinished,
  }) => {
    const folder = await temporaryFolder(onTestFinished);
    const ids = Array.from({ length: 60 }, (_, index) => `q${index}`);
    await writeBeirFolder(folder, {
      "corpus.jsonl": [{ _id: "p", text: "passage" }],
      "queries.jsonl": ids.map((id, index) => ({
        _id: id,
        text: id,
        split: "test",
        set: index % 2 ? "odd" : "even",
        answers: [id],
      })),
      "qrels.tsv": `query-id\tcorpus-id\tscore\n${ids.map((id) => `${id}\tp\t1\n`).join("")}`,
    });
    const output = path.join(folder, "cut");
    const flags = ["--data", folder, "--output", output, "--where", "set=odd", "--shares", "train=0.5,test=0.5"];
    const { code, stdout, stderr } = await runCli(["split", ...flags]);
    expect(code, stderr).toBe(0);
    const train = await loadEvaluationSet(output, "train");
    const test = await loadEvaluationSet(output, "test");
    const all = [...train.queries, ...test.queries];
    expect(all.map(({ id }) => id).toSorted()).toEqual(ids.filter((_, index) => index % 2).toSorted());
    expect(all.every(({ id, answers }) => answers[0] === id)).toBe(true);
    expect(train.qrels.size).toBe(train.queries.length);
    expect(JSON.parse(stdout)).toMatchObject({ splits: { train: train.queries.length, test: test.queries.length } });
    expect(await loadCorpus(path.join(output, "corpus.jsonl"))).toHaveLength(1);
    // Again, over its own output: the same.
    expect((await runCli(["split", ...flags])).stdout).toBe(stdout);
  });

  it("says what is wrong with --where and --shares", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeBeirFolder(folder, {
      "corpus.jsonl": [{ _id: "p", text: "x" }],
      "queries.jsonl": [{ _id: "q", text: "q" }],
    });
    const flags = ["split", "--data", folder, "--output", path.join(folder, "cut")];
    expect((await runCli([...flags, "--where", "set"])).stderr).toMatch(/--where set: expected key=value/u);
    expect((await runCli([...flags, "--shares", "train=1,dev"])).stderr).toMatch(/sum to 1/u);
  });
});
