import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { readExperiment } from "../../../../training/adapt/experiment.ts";
import { planExperiment } from "../../../../training/adapt/plan.ts";
import type { Stage } from "../../../../training/adapt/stage.ts";
import { fakeCommands } from "../../../support/fake-commands.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const EXPERIMENT = {
  schemaVersion: 1,
  name: "docs",
  sets: {
    log: { data: "docs", split: "train", role: "train" },
    held: { data: "docs", split: "test", role: "test" },
  },
  modes: ["query-adapter"],
  conditions: ["human", "lm"],
  score: { lm: "lm.onnx" },
};

type OnTestFinished = Parameters<typeof temporaryFolder>[0];

async function plan(changes: object, onTestFinished: OnTestFinished): Promise<ReadonlyMap<string, Stage>> {
  const folder = await temporaryFolder(onTestFinished);
  const file = path.join(folder, "experiment.json");
  await writeFile(file, JSON.stringify({ ...EXPERIMENT, ...changes }));
  const stages = planExperiment({
    experiment: await readExperiment(file),
    work: path.join(folder, "work"),
    cache: path.join(folder, "cache"),
    sizes: { passages: 10, questions: new Map() },
    findCommand: fakeCommands().find,
  });
  return new Map(stages.map((stage) => [stage.id, stage]));
}

describe("planExperiment, preset edge", () => {
  it("asks for query likelihood, which needs no answers", async ({ expect, onTestFinished }) => {
    const stages = await plan({}, onTestFinished);
    expect(stages.get("score")?.options).toMatchObject({
      signal: "query-likelihood",
      lm: expect.stringMatching(/lm\.onnx$/u),
    });
  });

  it("draws the adapter to the identity, and learns from all that an LM alone has scored by degrees", async ({
    expect,
    onTestFinished,
  }) => {
    const stages = await plan(
      { conditions: ["lm", "both"], modes: ["query-adapter", "query-encoder"] },
      onTestFinished,
    );
    expect(stages.get("build:lm")?.options).toMatchObject({ firstStage: true, negatives: 24, choose: "hardest" });
    expect(stages.get("train:lm:query-adapter")?.options).toMatchObject({
      loss: "graded-distillation",
      identityWeight: 0.3,
      hardNegatives: "file",
    });
    expect(stages.get("build:both")?.options).not.toHaveProperty("firstStage");
    expect(stages.get("train:both:query-adapter")?.options).not.toHaveProperty("loss");
    expect(stages.get("train:lm:query-encoder")?.options).not.toHaveProperty("loss");
  });

  it("trains to the end, or stops on the questions of a dev set", async ({ expect, onTestFinished }) => {
    const without = (await plan({}, onTestFinished)).get("train:lm:query-adapter")?.options;
    expect(without).not.toHaveProperty("dev");
    expect(without).not.toHaveProperty("devData");
    const dev = { data: "docs", split: "dev", role: "dev" };
    const stages = await plan({ sets: { ...EXPERIMENT.sets, dev } }, onTestFinished);
    expect(stages.get("train:lm:query-adapter")?.options).toMatchObject({ devSplit: "dev" });
    const shared = await plan({ build: { devShare: 0.2 } }, onTestFinished);
    expect(shared.get("train:lm:query-adapter")?.options).toMatchObject({ dev: expect.stringMatching(/dev\.jsonl$/u) });
  });

  it("measures every row of vectors in hybrid search too", async ({ expect, onTestFinished }) => {
    const stages = await plan({ evaluate: { topK: 50 } }, onTestFinished);
    const modeOf = (row: string): unknown => stages.get(`evaluate:held:${row}`)?.options["mode"];
    expect(["bm25", "base", "lm-query-adapter"].map(modeOf)).toEqual(["lexical", "dense", "dense"]);
    expect(["base-hybrid", "lm-query-adapter-hybrid"].map(modeOf)).toEqual(["hybrid", "hybrid"]);
    expect(stages.has("evaluate:held:bm25-hybrid")).toBe(false);
    expect(stages.get("evaluate:held:lm-query-adapter-hybrid")?.options).toMatchObject({
      adapter: expect.stringMatching(/adapter\.safetensors$/u),
      topK: 50,
    });
  });

  it("answers from what a row's vectors found, or from hybrid search where the experiment says so", async ({
    expect,
    onTestFinished,
  }) => {
    const runOf = async (answers: object, row: string): Promise<unknown> => {
      const stages = await plan({ answers: { options: { lm: "http://localhost:1/v1" }, ...answers } }, onTestFinished);
      return stages.get(`answer:held:${row}`)?.options["run"];
    };
    const endsWith = (file: string) => [expect.stringMatching(new RegExp(`held/${file}/run\\.trec$`, "u"))];
    expect(await runOf({}, "base")).toEqual(endsWith("base"));
    expect(await runOf({ mode: "hybrid" }, "lm-query-adapter")).toEqual(endsWith("lm-query-adapter-hybrid"));
    expect(await runOf({ mode: "hybrid" }, "bm25")).toEqual(endsWith("bm25"));
  });

  it("refuses a way of searching for all rows", async ({ expect, onTestFinished }) => {
    await expect(plan({ evaluate: { mode: "hybrid" } }, onTestFinished)).rejects.toThrow(/evaluate\.mode/u);
  });

  it("gives way to what the experiment says", async ({ expect, onTestFinished }) => {
    const said = { build: { lmPositives: 2, firstStage: false }, train: { identityWeight: 0, loss: "contrastive" } };
    const stages = await plan(said, onTestFinished);
    expect(stages.get("build:lm")?.options).toMatchObject(said.build);
    expect(stages.get("train:lm:query-adapter")?.options).toMatchObject(said.train);
  });
});
