import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { prepareExperiment, reportOf } from "../../../../training/adapt/prepare-experiment.ts";
import { runStages } from "../../../../training/adapt/run-stages.ts";
import { renderReport } from "../../../../training/report/render-report.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import { fakeCommands } from "../../../support/fake-commands.ts";
import { fakeContext } from "../../../support/fake-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const SETS = {
  log: { data: "docs", split: "dev", role: "train", limit: 1 },
  held: { data: "docs", split: "test", role: "test" },
};
const EXPERIMENT = { schemaVersion: 1, name: "docs", sets: SETS, modes: ["query-adapter"], score: { lm: "lm.onnx" } };

async function workspace(onTestFinished: Parameters<typeof temporaryFolder>[0], experiment: unknown) {
  const folder = await temporaryFolder(onTestFinished);
  await mkdir(path.join(folder, "docs"));
  await writeBeirFolder(path.join(folder, "docs"), SMALL_BEIR);
  await writeFile(path.join(folder, "lm.onnx"), "an LM");
  const file = path.join(folder, "experiment.json");
  await writeFile(file, JSON.stringify(experiment));
  const commands = fakeCommands();
  const prepare = () =>
    prepareExperiment({ file, work: path.join(folder, "work"), cache: ".aar/cache", findCommand: commands.find });
  return { folder, prepare, ...commands };
}

describe("prepareExperiment", () => {
  it("plans every stage in an order in which its inputs exist, and a report comes out", async ({
    expect,
    onTestFinished,
  }) => {
    const answers = { options: { lm: "http://localhost:1/v1", model: "m", protocol: "popqa-gpt" } };
    const { prepare, calls } = await workspace(onTestFinished, { ...EXPERIMENT, answers });
    const prepared = await prepare();
    expect(prepared.stages.map(({ id }) => id)).toEqual([
      "encode:base",
      "mine",
      "score",
      ...["human", "lm", "both"].map((condition) => `build:${condition}`),
      ...["human", "lm", "both"].map((condition) => `train:${condition}:query-adapter`),
      ...["bm25", "base", "human-query-adapter", "lm-query-adapter", "both-query-adapter"].map(
        (row) => `evaluate:held:${row}`,
      ),
      ...["base", "human-query-adapter", "lm-query-adapter", "both-query-adapter"].map(
        (row) => `evaluate:held:${row}-hybrid`,
      ),
      ...["none", "bm25", "base", "human-query-adapter", "lm-query-adapter", "both-query-adapter"].map(
        (row) => `answer:held:${row}`,
      ),
    ]);
    const context = fakeContext();
    const results = await runStages({ ...prepared, context });
    expect(results.every(({ wasRun }) => wasRun)).toBe(true);
    expect(calls.find(({ name }) => name === "mine")?.options).toMatchObject({
      split: "dev",
      limit: 1,
      mode: "hybrid",
      heldOut: ["docs:test"],
    });
    const data = await reportOf(
      prepared,
      results.map(({ record }) => record),
    );
    const searchedBoth = data.sets[0]?.rows.filter(({ hybrid }) => hybrid !== undefined).map(({ name }) => name);
    expect(searchedBoth).toEqual([
      "base",
      ...["human only", "LM only", "human + LM"].map((row) => `${row}, query-adapter`),
    ]);
    expect(data.stages.filter(({ commandLine }) => /\s\//u.test(commandLine))).toEqual([]);
    const page = await renderReport(data);
    for (const part of [
      "LM only, query-adapter",
      "human + LM, query-adapter",
      "no retrieval",
      "likelihood-gain",
      "25.0 %",
    ]) {
      expect(page).toContain(part);
    }
    const again = await runStages({ ...(await prepare()), context });
    expect(again.filter(({ wasRun }) => wasRun)).toEqual([]);
  }, 120_000);

  it("takes options from the preset, and the experiment file over it", async ({ expect, onTestFinished }) => {
    const strict = {
      ...EXPERIMENT,
      preset: "aar-strict",
      modes: ["both"],
      build: { negatives: 5 },
      train: { epochs: 1 },
    };
    const { prepare } = await workspace(onTestFinished, strict);
    const { stages } = await prepare();
    const options = (id: string) => stages.find((stage) => stage.id === id)?.options;
    expect(options("build:both")).toMatchObject({ strict3: true, lmPositives: 2, relativeMargin: "off", negatives: 5 });
    expect(options("train:both:both")).toMatchObject({
      batchSize: 16,
      learningRate: 1e-5,
      positives: "strict3",
      epochs: 1,
    });
    expect(options("score")).toMatchObject({ signal: "fid-attention" });
    // Training of passages makes the vectors worthless: they are encoded again, and searched by the new encoder.
    expect(stages.map(({ id }) => id)).toContain("encode:both-both");
    expect(options("evaluate:held:both-both")).toMatchObject({
      vectors: expect.stringMatching(/vectors\/both-both$/u),
    });
  });

  it("needs no source LM when labels are given, and no encoding when vectors are", async ({
    expect,
    onTestFinished,
  }) => {
    const { prepare } = await workspace(onTestFinished, {
      ...EXPERIMENT,
      scores: ["s.jsonl"],
      vectors: "v",
      conditions: ["lm"],
    });
    const ids = (await prepare()).stages.map(({ id }) => id);
    expect(ids.slice(0, 3)).toEqual(["mine", "build:lm", "train:lm:query-adapter"]);
  });

  it("asks no LM when no condition needs one", async ({ expect, onTestFinished }) => {
    const { prepare } = await workspace(onTestFinished, { ...EXPERIMENT, conditions: ["human", "control-first"] });
    const { stages } = await prepare();
    expect(stages.map(({ id }) => id)).not.toContain("score");
    expect(stages.find(({ id }) => id === "build:human")?.options["scores"]).toEqual([]);
  });

  it("cuts a part out of a set that holds several", async ({ expect, onTestFinished }) => {
    const sets = { ...SETS, held: { ...SETS.held, where: "split=test" } };
    const { prepare } = await workspace(onTestFinished, { ...EXPERIMENT, sets });
    const [split, ...others] = (await prepare()).stages;
    expect(split).toMatchObject({
      id: "split:split-test",
      options: { where: "split=test", from: "test", shares: ["test=1"] },
    });
    expect(others.find(({ id }) => id === "evaluate:held:base")?.options["data"]).toMatch(/work\/sets\/split-test$/u);
  });

  it("refuses tests that are also trained or selected on, by id and by words", async ({ expect, onTestFinished }) => {
    const same = { ...EXPERIMENT, sets: { ...SETS, held: { ...SETS.held, split: "dev" } } };
    const { prepare } = await workspace(onTestFinished, same);
    await expect(prepare()).rejects.toThrow(
      /2 questions of "held" \(role test\) are also in "log" \(role train\), as "where does/u,
    );
    const allowed = await workspace(onTestFinished, { ...same, overlap: "allow" });
    await expect(allowed.prepare()).resolves.toBeDefined();
    const other = await workspace(onTestFinished, EXPERIMENT);
    await writeBeirFolder(path.join(other.folder, "docs"), {
      "queries.jsonl": [
        { _id: "q1", text: "Where does the Nile flow?", split: "test" },
        { _id: "q3", text: "where does the nile flow", split: "dev" },
      ],
    });
    await expect(other.prepare()).rejects.toThrow(/1 questions of "held"/u);
  });

  it("names a set that has no question", async ({ expect, onTestFinished }) => {
    const { prepare } = await workspace(onTestFinished, {
      ...EXPERIMENT,
      sets: { ...SETS, held: { ...SETS.held, split: "x" } },
    });
    await expect(prepare()).rejects.toThrow(/set "held": .* has no question of split "x"/u);
  });
});
