import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";
import type { TextTokenizer } from "../../src/encoder/tokenizer.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { EncoderSpec } from "../autodiff/encoder-spec.ts";
import type { BareEncoderSettings } from "../encoder/bare-manifest.ts";
import { loadEncoder } from "../encoder/load-encoder.ts";
import { readModel } from "../onnx/reader.ts";
import { readFloatTensor, tensorDims } from "../onnx/tensor.ts";

/** An encoder folder opened for training. */
export interface TrainableEncoder {
  readonly folder: string;
  /** The encoder as it is, to encode with. */
  readonly base: Encoder;
  readonly spec: EncoderSpec;
  readonly tokenizer: TextTokenizer;
  /** Rows of the table that tokens are looked up in; undefined when the graph does not tell. */
  readonly vocabulary: number | undefined;
}

export interface OpenTrainableEncoderOptions {
  readonly settings: BareEncoderSettings;
  readonly threads: number;
}

/**
 * Opens an fp32 encoder folder.
 * @throws AppError `invalid_artifact` for an int8 encoder, or like `loadEncoder`.
 */
export async function openTrainableEncoder(
  folder: string,
  { settings, threads }: OpenTrainableEncoderOptions,
): Promise<TrainableEncoder> {
  const base = await loadEncoder(folder, { threads, ...settings });
  const { manifest } = base;
  if (manifest.dtype !== "fp32") {
    throw new AppError(
      "invalid_artifact",
      `${folder} is ${manifest.dtype}; train the fp32 encoder and quantise the result (query-adapter trains on any)`,
    );
  }
  const model = await readModel(path.join(folder, manifest.model.file));
  const tokenizerFile = path.join(folder, manifest.tokenizer.file);
  const { pooling, normalize } = manifest;
  return {
    folder,
    base,
    spec: { model, pooling, normalize, inputs: manifest.model.inputs, output: manifest.model.output },
    tokenizer: createTokenizer(JSON.parse(await readFile(tokenizerFile, "utf8"))), // loadEncoder has parsed it once
    vocabulary: vocabularyOf(model),
  };
}

/** Weights of a model by name, each a copy that training may change. */
export function copyWeights(
  { graph }: EncoderSpec["model"],
  names: readonly string[],
): ReadonlyMap<string, Float32Array> {
  const wanted = new Set(names);
  return new Map(
    graph.initializer
      .filter(({ name }) => wanted.has(name))
      .map((tensor) => [tensor.name, readFloatTensor(tensor).data.slice()]),
  );
}

function vocabularyOf({ graph }: EncoderSpec["model"]): number | undefined {
  const lookup = graph.node.find(({ opType, input }) => opType === "Gather" && input[1] === "input_ids");
  const table = graph.initializer.find(({ name }) => name === lookup?.input[0]);
  return table === undefined ? undefined : tensorDims(table)[0];
}
