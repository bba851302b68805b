import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { defaultExperiment } from "../../../../training/adapt/default-experiment.ts";
import { readExperiment } from "../../../../training/adapt/experiment.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import type { BeirFiles } from "../../../support/beir-folder.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

type OnTestFinished = Parameters<typeof temporaryFolder>[0];

const LM = { lm: "lm.gguf", model: undefined, reference: undefined, vectors: undefined };
const splitInto = (...splits: readonly string[]): BeirFiles => ({
  ...SMALL_BEIR,
  "queries.jsonl": splits.map((split, index) => ({ _id: `q${index + 1}`, text: `question ${index}`, split })),
});

async function docs(onTestFinished: OnTestFinished, files: BeirFiles): Promise<string> {
  const data = path.join(await temporaryFolder(onTestFinished), "My Docs");
  await mkdir(data);
  await writeBeirFolder(data, files);
  return data;
}

describe("defaultExperiment", () => {
  it("trains on train, chooses on dev, measures every test split, and is an experiment file", async ({
    expect,
    onTestFinished,
  }) => {
    const data = await docs(onTestFinished, splitInto("train", "test-seen", "dev", "test-unseen"));
    const { name, text } = await defaultExperiment({ ...LM, data, vectors: "vectors", reference: "fp32.onnx" });
    expect(name).toBe("my-docs-adapted");
    const experiment = await readExperiment(path.join(data, "experiment.json"), text);
    expect(experiment).toMatchObject({
      preset: "edge",
      modes: ["query-adapter"],
      conditions: ["human", "lm", "both"],
      vectors: path.resolve("vectors"),
      score: { lm: path.resolve("lm.gguf"), reference: path.resolve("fp32.onnx") },
    });
    expect(experiment.sets.map(({ split, role }) => `${split} ${role}`)).toEqual([
      "train train",
      "dev dev",
      "test-seen test",
      "test-unseen test",
    ]);
  });

  it("asks the LM alone where nobody judged the training questions", async ({ expect, onTestFinished }) => {
    const data = await docs(onTestFinished, splitInto("test", "test"));
    const queries = splitInto("test", "test")["queries.jsonl"] ?? [];
    const lines = [...(typeof queries === "string" ? [] : queries), { _id: "q9", text: "logged", split: "train" }];
    await writeFile(path.join(data, "queries.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const { text } = await defaultExperiment({ ...LM, data, lm: "http://localhost:1/v1", model: "mine" });
    expect(JSON.parse(text)).toMatchObject({
      conditions: ["lm"],
      score: { lm: "http://localhost:1/v1", model: "mine" },
    });
  });

  it.for([
    ["without a split train", ["dev", "test"], /needs a split train .* it has dev, test; .*aar -- split --data/u],
    ["without a test split", ["train", "dev"], /one named test… .* it has dev, train/u],
  ] as const)("says how to cut a folder %s", async ([, splits, message], { expect, onTestFinished }) => {
    const data = await docs(onTestFinished, splitInto(...splits));
    await expect(defaultExperiment({ ...LM, data })).rejects.toThrow(message);
  });

  it("says before anything is labelled that nothing could be measured", async ({ expect, onTestFinished }) => {
    const data = await docs(onTestFinished, {
      ...splitInto("train", "test"),
      "qrels.tsv": "query-id\tcorpus-id\tscore\n",
    });
    await expect(defaultExperiment({ ...LM, data })).rejects.toThrow(/no question of test is judged.*synthesize/u);
  });
});
