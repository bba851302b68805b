import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { readModelHeader } from "../../../../../src/encoder/engine/model-header.ts";
import { modelLayout } from "../../../../../src/encoder/engine/model-layout.ts";
import { cosine } from "../../../../../src/encoder/vector.ts";
import { quantizeCommand } from "../../../../../training/commands/quantize.ts";
import { loadEncoder } from "../../../../../training/encoder/load-encoder.ts";
import type { ModelProto } from "../../../../../training/onnx/proto.ts";
import { readModel } from "../../../../../training/onnx/reader.ts";
import { encodeModel } from "../../../../../training/onnx/writer.ts";
import { recordingContext } from "../../../../support/recording-context.ts";
import { temporaryFolder } from "../../../../support/temporary-folder.ts";
import { tinyTokenizerJson } from "../../../../support/tiny-tokenizer.ts";
import { TRAINING_FIXTURE_MODEL } from "../../../../support/training-fixture.ts";

const LENGTHS = { maxQueryLength: 8, maxPassageLength: 8 };

/** A tiny BERT with random weights, by PyTorch's exporter, as a folder to quantise. */
async function writeBert(folder: string, change: (model: ModelProto) => void = () => undefined): Promise<string> {
  const model = await readModel(TRAINING_FIXTURE_MODEL);
  change(model);
  await writeFile(path.join(folder, "model.onnx"), encodeModel(model));
  await writeFile(path.join(folder, "tokenizer.json"), JSON.stringify(tinyTokenizerJson()));
  return folder;
}

/** Renames initializers, as a family names them. */
function renaming(names: readonly (readonly [from: string, to: string])[]): (model: ModelProto) => void {
  const rename = (name: string): string => names.reduce((own, [from, to]) => own.replace(from, to), name);
  return ({ graph }) => {
    for (const tensor of graph.initializer) {
      tensor.name = rename(tensor.name);
    }
    for (const node of graph.node) {
      node.input = node.input.map(rename);
    }
  };
}

test("a BERT becomes a model of the edge engine that embeds as its graph does", async ({ expect, onTestFinished }) => {
  const model = await writeBert(await temporaryFolder(onTestFinished));
  const output = path.join(model, "out");
  await quantizeCommand.execute({ model, output, force: true, ...LENGTHS }, recordingContext());
  const [source, edge] = [await loadEncoder(model, LENGTHS), await loadEncoder(output)];
  expect(edge.manifest.model).toMatchObject({ engine: "edge", file: "model_int8.edge" });
  const texts = ["the cat sat", "", "cats and the cat"];
  const [expected, actual] = await Promise.all([source.encodeQueries(texts), edge.encodeQueries(texts)]);
  for (const [index, embedding] of expected.embeddings.entries()) {
    expect(cosine(embedding, actual.embeddings[index] ?? embedding)).toBeGreaterThan(0.999);
  }
  const file = new Uint8Array(await readFile(path.join(output, "model_int8.edge")));
  expect(modelLayout(readModelHeader(file)).bytes).toBe(file.byteLength);
});

/** Each with what the log says of why it stays a graph. */
const NOT_FOR_EDGE = [
  ["whose weights have other names", {}, renaming([["attention.self.query", "attn.wq"]]), "no layer's query"],
  [
    "that computes something else with its weights",
    {},
    ({ graph }: ModelProto): void => {
      for (const node of graph.node) {
        node.opType = node.opType === "Erf" ? "Neg" : node.opType;
      }
    },
    "computes something else",
  ],
  [
    "that is shorter than its texts",
    { maxPassageLength: 4096 },
    (): void => undefined,
    "are longer than the encoder's",
  ],
] as const;

test.for(NOT_FOR_EDGE)(
  "a BERT %s stays a graph, the log says why, and --engine edge refuses it",
  async ([, lengths, change, reason], { expect, onTestFinished }) => {
    const model = await writeBert(await temporaryFolder(onTestFinished), change);
    const options = { model, output: path.join(model, "out"), force: true, ...LENGTHS, ...lengths };
    const context = recordingContext();
    await quantizeCommand.execute(options, context);
    expect(context.logged.join("\n")).toContain("onnxruntime is the engine: ");
    expect(context.logged.join("\n")).toContain(reason);
    expect((await loadEncoder(options.output)).manifest.model.file).toBe("model_int8.onnx");
    const asked = quantizeCommand.execute({ ...options, engine: "edge" }, context);
    await expect(asked).rejects.toThrow(expect.objectContaining({ code: "invalid_artifact" }));
  },
);
