import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { quantizeCommand } from "../../../../training/commands/quantize.ts";
import { loadEncoder } from "../../../../training/encoder/load-encoder.ts";
import { DATA_TYPE } from "../../../../training/onnx/data-type.ts";
import { createTensor } from "../../../../training/onnx/tensor.ts";
import { encodeModel } from "../../../../training/onnx/writer.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import { graphModel, wave } from "../../../support/onnx-graph.ts";
import { recordingContext } from "../../../support/recording-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { tinyTokenizerJson } from "../../../support/tiny-tokenizer.ts";

const VOCABULARY = 14;
const DIMS = 32;

/** A table lookup and a matrix product: the least that can be quantised. A second output as exporters like to add. */
function tinyEncoder(): Uint8Array {
  const model = graphModel({
    nodes: [
      ["Gather", ["table", "input_ids"], ["rows"]],
      ["MatMul", ["rows", "w"], ["states"]],
      ["ReduceMax", ["states"], ["pooled"]],
    ],
    initializers: [
      createTensor("table", "float", [VOCABULARY, DIMS], wave(VOCABULARY * DIMS, 1)),
      createTensor("w", "float", [DIMS, DIMS], wave(DIMS * DIMS, 2)),
    ],
    inputs: { input_ids: DATA_TYPE.int64 },
    outputs: ["states", "pooled"],
  });
  for (const { name, type } of [...model.graph.input, ...model.graph.output]) {
    const dims = name === "states" ? [{ dimParam: "b" }, { dimParam: "s" }, { dimValue: DIMS }] : [];
    const open = name === "input_ids" ? [{ dimParam: "b" }, { dimParam: "s" }] : dims;
    Object.assign(type?.tensorType ?? {}, { shape: { dim: open } });
  }
  return encodeModel(model);
}

async function prepare(folder: string): Promise<{ model: string; data: string; output: string; cache: string }> {
  const [model, data] = [path.join(folder, "fp32"), path.join(folder, "data")];
  await mkdir(model);
  await mkdir(data);
  await writeFile(path.join(model, "model.onnx"), tinyEncoder());
  await writeFile(path.join(model, "tokenizer.json"), JSON.stringify(tinyTokenizerJson()));
  await writeBeirFolder(data, SMALL_BEIR);
  return { model, data, output: path.join(folder, "out", "int8"), cache: path.join(folder, "cache") };
}

test("a bare folder becomes an int8 encoder that loads, with a report beside it", async ({
  expect,
  onTestFinished,
}) => {
  const { model, data, output, cache } = await prepare(await temporaryFolder(onTestFinished));
  const context = recordingContext();
  const flags = { passages: 1, queries: 2, calibrationTexts: 4, json: true, maxLoss: 1, queryPrefix: "the " };
  await quantizeCommand.execute({ model, output, cache, data: [data], ...flags }, context);

  expect(await readdir(path.dirname(output)), "no staging folder is left").toEqual(["int8"]);
  expect((await readdir(output)).toSorted()).toEqual([
    "manifest.json",
    "model_int8.onnx",
    "quantization-report.json",
    "tokenizer.json",
  ]);
  const { manifest, ...encoder } = await loadEncoder(output);
  expect(manifest).toMatchObject({ name: "fp32-int8", dtype: "int8", dims: DIMS, queryPrefix: "the " });
  const { embeddings } = await encoder.encodeQueries(["cat sat"]);
  const fp32 = await (await loadEncoder(model, { queryPrefix: "the " })).encodeQueries(["cat sat"]);
  const dot = embeddings[0]?.reduce((sum, value, index) => sum + value * (fp32.embeddings[0]?.[index] ?? 0), 0);
  expect(dot).toBeGreaterThan(0.999);

  const report: unknown = JSON.parse(await readFile(path.join(output, "quantization-report.json"), "utf8"));
  expect(JSON.parse(context.printed.join(""))).toEqual(report);
  expect(report).toMatchObject({
    quantized: {
      sha256: manifest.model.sha256,
      passages: { texts: 1 },
      retrieval: [{ set: "data", queries: 2 }],
      speed: [{ tokens: 16 }, { tokens: 128 }],
    },
    gate: { passed: true },
  });
});

test("the same inputs give the same bytes", async ({ expect, onTestFinished }) => {
  const { model, data, output, cache } = await prepare(await temporaryFolder(onTestFinished));
  const flags = { model, cache, data: [data], passages: 1, queries: 1, maxLoss: 1 };
  await quantizeCommand.execute({ ...flags, output }, recordingContext());
  await quantizeCommand.execute({ ...flags, output: `${output}-2` }, recordingContext());
  expect(await readFile(path.join(`${output}-2`, "model_int8.onnx"))).toEqual(
    await readFile(path.join(output, "model_int8.onnx")),
  );
});

test("without data nothing is written, unless it is forced", async ({ expect, onTestFinished }) => {
  const { model, output } = await prepare(await temporaryFolder(onTestFinished));
  await expect(quantizeCommand.execute({ model, output }, recordingContext())).rejects.toThrow(/without --data/u);
  await quantizeCommand.execute({ model, output, force: true }, recordingContext());
  expect((await readdir(output)).toSorted()).toEqual(["manifest.json", "model_int8.onnx", "tokenizer.json"]);
});

test("an encoder that is int8 already is refused", async ({ expect, onTestFinished }) => {
  const { model, output } = await prepare(await temporaryFolder(onTestFinished));
  await quantizeCommand.execute({ model, output, force: true }, recordingContext());
  await expect(
    quantizeCommand.execute({ model: output, output: `${output}-2`, force: true }, recordingContext()),
  ).rejects.toThrow(/is int8 already/u);
});

test("a model above the limit is refused before anything is written", async ({ expect, onTestFinished }) => {
  const { model, output } = await prepare(await temporaryFolder(onTestFinished));
  const flags = { model, output, force: true, maxMebibytes: 0.001 };
  await expect(quantizeCommand.execute(flags, recordingContext())).rejects.toThrow(/bytes, the limit is 1048/u);
  expect(await readdir(path.dirname(model))).not.toContain("out");
});

test("a query encoder is tied to the passages it is to search, and measured on them", async ({
  expect,
  onTestFinished,
}) => {
  const { model, data, output, cache } = await prepare(await temporaryFolder(onTestFinished));
  const flags = { cache, data: [data], passages: 1, queries: 1, maxLoss: 1 };
  await quantizeCommand.execute({ ...flags, model, output }, recordingContext());
  const passages = await loadEncoder(output);
  const asQueryEncoder = { ...flags, model, output: `${output}-query`, passageEncoder: output };
  await expect(quantizeCommand.execute(asQueryEncoder, recordingContext())).rejects.toThrow(
    /encodes its own passages/u,
  );

  const { manifest } = await loadEncoder(model);
  await writeFile(path.join(model, "manifest.json"), JSON.stringify({ ...manifest, compatibleWith: "a".repeat(64) }));
  await quantizeCommand.execute(asQueryEncoder, recordingContext());
  expect((await loadEncoder(`${output}-query`)).fingerprint).toBe(passages.fingerprint);
});
