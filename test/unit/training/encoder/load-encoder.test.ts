import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { normalize } from "../../../../src/encoder/vector.ts";
import { loadEncoder } from "../../../../training/encoder/load-encoder.ts";
import { FAKE_MANIFEST } from "../../../support/fake-encoder.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { TINY_DIMS, tinyOnnxModel, tinyTable } from "../../../support/tiny-onnx-model.ts";
import { tinyTokenizerJson } from "../../../support/tiny-tokenizer.ts";

const tokenizerText = JSON.stringify(tinyTokenizerJson());
const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

async function writeBareFolder(folder: string): Promise<void> {
  await writeFile(path.join(folder, "model.onnx"), tinyOnnxModel());
  await writeFile(path.join(folder, "tokenizer.json"), tokenizerText);
}

async function writeManifestFolder(
  folder: string,
  inputs: readonly string[] = ["attention_mask", "input_ids"],
): Promise<void> {
  const model = tinyOnnxModel();
  await writeFile(path.join(folder, "model_int8.onnx"), model);
  await writeFile(path.join(folder, "tokenizer.json"), tokenizerText);
  const manifest = {
    ...FAKE_MANIFEST,
    name: "tiny",
    model: {
      file: "model_int8.onnx",
      bytes: model.byteLength,
      sha256: sha256(model),
      inputs,
      output: "states",
    },
    tokenizer: { file: "tokenizer.json", sha256: sha256(tokenizerText) },
    dims: TINY_DIMS,
    pooling: "cls",
  };
  await writeFile(path.join(folder, "manifest.json"), JSON.stringify(manifest));
}

/** Rows of the table that the tiny model answers with. */
function rows(...ids: readonly number[]): Float32Array[] {
  return ids.map((id) => tinyTable().subarray(id * TINY_DIMS, (id + 1) * TINY_DIMS));
}

test("a bare folder is read with MiniLM's settings and what the graph says", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  await writeBareFolder(folder);
  const { manifest } = await loadEncoder(folder);
  expect(manifest).toMatchObject({
    name: path.basename(folder),
    dims: TINY_DIMS,
    pooling: "mean",
    normalize: true,
    maxPassageLength: 256,
    model: { inputs: ["input_ids", "attention_mask"], output: "states", sha256: sha256(tinyOnnxModel()) },
  });
});

test("embeddings are what the graph and the settings make them", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  await writeBareFolder(folder);
  const mean = await loadEncoder(folder);
  const [cls, cat, sep] = rows(2, 6, 3);
  const sum = Float32Array.from({ length: TINY_DIMS }, (_, d) => (cls?.[d] ?? 0) + (cat?.[d] ?? 0) + (sep?.[d] ?? 0));
  const [embedding] = (await mean.encodeQueries(["cat"])).embeddings;
  expect(Math.max(...normalize(sum).map((value, d) => Math.abs(value - (embedding?.[d] ?? 0))))).toBeLessThan(1e-6);

  const raw = await loadEncoder(folder, { pooling: "last_token", normalize: false, passagePrefix: "sat " });
  const { embeddings, tokenCount } = await raw.encodePassages([{ title: "the", text: "cat" }]);
  expect(embeddings).toEqual(rows(3));
  expect(tokenCount).toBe(5);
});

test("both runtimes read the same folder alike", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  await writeBareFolder(folder);
  const texts = ["the cat", "cat sat.", "", "the cat sat on the cat"];
  const node = await loadEncoder(folder);
  const web = await loadEncoder(folder, { runtime: "web" });
  expect(web.manifest).toEqual(node.manifest);
  expect(await web.encodeQueries(texts)).toEqual(await node.encodeQueries(texts));
});

test.for(["node", "web"] as const)(
  "runtime %s says what it cannot load",
  async (runtime, { expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeFile(path.join(folder, "model.onnx"), "garbage");
    await writeFile(path.join(folder, "tokenizer.json"), tokenizerText);
    await expect(loadEncoder(folder, { runtime })).rejects.toThrow(
      expect.objectContaining({ code: "invalid_artifact" }),
    );
  },
);

test("a folder with a manifest says all about itself, and settings override it", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  await writeManifestFolder(folder);
  const declared = await loadEncoder(folder);
  const shortened = await loadEncoder(folder, { maxPassageLength: 3 });
  expect(declared.manifest).toMatchObject({ name: "tiny", pooling: "cls", maxPassageLength: 128 });
  expect((await shortened.encodePassages([{ title: "", text: "the cat sat" }])).tokenCount).toBe(3);
  expect(shortened.fingerprint).not.toBe(declared.fingerprint);
});

test("a model that is not the manifest's is refused", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  await writeManifestFolder(folder);
  const model = tinyOnnxModel();
  model[model.byteLength - 200] = (model[model.byteLength - 200] ?? 0) ^ 1;
  await writeFile(path.join(folder, "model_int8.onnx"), model);
  await expect(loadEncoder(folder)).rejects.toThrow(`model_int8.onnx has sha256 ${sha256(model)}, its manifest says`);
});

test.for([
  { what: "an empty folder", files: {}, message: "model.onnx does not exist" },
  { what: "no tokenizer", files: { "model.onnx": "x" }, message: "tokenizer.json does not exist" },
  {
    what: "a model that is no ONNX",
    files: { "model.onnx": "garbage", "tokenizer.json": tokenizerText },
    message: "onnxruntime cannot load",
  },
  { what: "a manifest that is not JSON", files: { "manifest.json": "{" }, message: "manifest.json is not JSON" },
])("$what is a clear error", async ({ files, message }, { expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(folder, name), content);
  }
  await expect(loadEncoder(folder)).rejects.toThrow(expect.objectContaining({ code: "invalid_artifact" }));
  await expect(loadEncoder(folder)).rejects.toThrow(message);
});

test("an output that the graph does not have is named with those it has", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  await writeBareFolder(folder);
  await expect(loadEncoder(folder, { output: "pooled" })).rejects.toThrow("The graph has states (batch, sequence, 32)");
});

test("of two outputs that could be the last hidden state one must be named", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  await writeBareFolder(folder);
  await writeFile(path.join(folder, "model.onnx"), tinyOnnxModel(["more"]));
  await expect(loadEncoder(folder)).rejects.toThrow(/name it \(--graph-output\)\. The graph has states .*; more/u);
  expect((await loadEncoder(folder, { output: "more" })).manifest.model.output).toBe("more");
});

test("a Hugging Face repository, with its model in onnx/, is read as it is", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  await mkdir(path.join(folder, "onnx"));
  await writeFile(path.join(folder, "onnx", "model.onnx"), tinyOnnxModel());
  await writeFile(path.join(folder, "tokenizer.json"), tokenizerText);
  const { manifest } = await loadEncoder(folder);
  expect(manifest).toMatchObject({ name: path.basename(folder), model: { file: "onnx/model.onnx" } });
  await writeFile(path.join(folder, "model.onnx"), tinyOnnxModel());
  expect((await loadEncoder(folder)).manifest.model.file).toBe("model.onnx");
});

test("a manifest that forgets an input of the graph is refused when it is loaded", async ({
  expect,
  onTestFinished,
}) => {
  const folder = await temporaryFolder(onTestFinished);
  await writeManifestFolder(folder, ["input_ids"]);
  await expect(loadEncoder(folder)).rejects.toThrow("the graph also wants attention_mask");
});

test("a file where a folder should be is a clear error", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  await mkdir(path.join(folder, "sub"));
  await writeFile(path.join(folder, "sub", "file"), "x");
  await expect(loadEncoder(path.join(folder, "sub", "file"))).rejects.toThrow("cannot be read");
});
