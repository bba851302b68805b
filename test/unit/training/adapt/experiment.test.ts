import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { readExperiment } from "../../../../training/adapt/experiment.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const SETS = {
  train: { data: "docs", split: "train", role: "train" },
  test: { data: "docs", split: "test", role: "test" },
};
const VALID = { schemaVersion: 1, name: "docs", sets: SETS };

async function read(onTestFinished: Parameters<typeof temporaryFolder>[0], content: unknown) {
  const folder = await temporaryFolder(onTestFinished);
  const file = path.join(folder, "experiment.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return { folder, experiment: await readExperiment(file) };
}

describe("readExperiment", () => {
  it("fills in defaults and makes paths absolute, relative to the file", async ({ expect, onTestFinished }) => {
    const given = {
      ...VALID,
      vectors: "v",
      score: { lm: "lm_int8.onnx", reference: "lm.onnx", prompt: "chat" },
      scores: ["a.jsonl"],
      answers: { options: { lm: "http://localhost:8099/v1", exclude: "ids.txt", documents: [3] } },
      trainModes: { "query-encoder": { texts: "log.txt", epochs: 2 } },
    };
    const { folder, experiment } = await read(onTestFinished, given);
    expect(experiment).toMatchObject({ preset: "edge", seed: 0, overlap: "refuse", encoder: undefined });
    expect(experiment.sets.map(({ name, data }) => [name, data])).toEqual([
      ["train", path.join(folder, "docs")],
      ["test", path.join(folder, "docs")],
    ]);
    expect(experiment.vectors).toBe(path.join(folder, "v"));
    expect(experiment.scores).toEqual([path.join(folder, "a.jsonl")]);
    expect(experiment.score).toEqual({
      lm: path.join(folder, "lm_int8.onnx"),
      reference: path.join(folder, "lm.onnx"),
      prompt: "chat",
    });
    expect(experiment.answers?.options).toEqual({
      lm: "http://localhost:8099/v1",
      exclude: path.join(folder, "ids.txt"),
      documents: [3],
    });
    expect(experiment.trainModes).toEqual({ "query-encoder": { texts: path.join(folder, "log.txt"), epochs: 2 } });
  });

  it.for([
    ["{", /cannot be read: /u],
    [{ ...VALID, lerningRate: 1 }, /Unrecognized key: "lerningRate"/u],
    [{ ...VALID, preset: "best" }, /"aar"\|"aar-strict"\|"edge"/u],
    [{ ...VALID, sets: { train: SETS.train } }, /got 1 train, 0 dev, 0 test/u],
    [{ ...VALID, sets: { ...SETS, more: SETS.train } }, /got 2 train, 0 dev, 1 test/u],
    [{ ...VALID, sets: { ...SETS, "Not a name": SETS.test } }, /Invalid key in record/u],
    [{ ...VALID, sets: { ...SETS, test: { ...SETS.test, where: "set" } } }, /expected field=value/u],
    [{ ...VALID, schemaVersion: 2 }, /schemaVersion/u],
  ] as const)("refuses %j", async ([content, message], { expect, onTestFinished }) => {
    await expect(read(onTestFinished, content)).rejects.toThrow(message);
  });
});
