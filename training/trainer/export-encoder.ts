import { readFile } from "node:fs/promises";
import path from "node:path";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { sha256Hex } from "../artifacts/meta.ts";
import type { ModelProto } from "../onnx/proto.ts";
import { createTensor, tensorDims } from "../onnx/tensor.ts";
import { encodeModel } from "../onnx/writer.ts";
import type { Parameter } from "../optim/parameter.ts";

const MODEL_FILE = "model.onnx";
const MANIFEST_FILE = "manifest.json";

export interface ExportEncoderOptions {
  /** Folder that gets `model.onnx`, the tokeniser and `manifest.json`. */
  readonly folder: string;
  /** The graph that was trained. */
  readonly model: ModelProto;
  readonly parameters: readonly Parameter[];
  /** Folder of the encoder that training started from, for the tokeniser. */
  readonly source: string;
  readonly manifest: EncoderManifest;
}

/**
 * Writes the encoder as a folder that everything reads: the graph as it was with the new weights, pooling, prefixes and
 * tokeniser unchanged. The manifest goes last: a folder without it is unfinished.
 */
export async function exportEncoder(options: ExportEncoderOptions): Promise<EncoderManifest> {
  const { folder, model, parameters, source, manifest } = options;
  const bytes = encodeModel(withWeights(model, parameters));
  await writeFileAtomic(path.join(folder, MODEL_FILE), bytes);
  const tokenizer = path.basename(manifest.tokenizer.file);
  await writeFileAtomic(path.join(folder, tokenizer), await readFile(path.join(source, manifest.tokenizer.file)));
  const exported: EncoderManifest = {
    ...manifest,
    model: { ...manifest.model, file: MODEL_FILE, bytes: bytes.byteLength, sha256: sha256Hex(bytes) },
    tokenizer: { ...manifest.tokenizer, file: tokenizer },
  };
  await writeFileAtomic(path.join(folder, MANIFEST_FILE), `${JSON.stringify(exported, undefined, 2)}\n`);
  return exported;
}

/** The model with other values in its initializers; everything else is shared with it. */
function withWeights(model: ModelProto, parameters: readonly Parameter[]): ModelProto {
  const trained = new Map(parameters.map(({ name, data }) => [name, data]));
  const initializer = model.graph.initializer.map((tensor) => {
    const data = trained.get(tensor.name);
    return data === undefined ? tensor : createTensor(tensor.name, "float", tensorDims(tensor), data);
  });
  return { ...model, graph: { ...model.graph, initializer } };
}
