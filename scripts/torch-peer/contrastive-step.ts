import path from "node:path";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { buildTrainingProgram } from "../../training/autodiff/training-program.ts";
import type { TrainingProgram } from "../../training/autodiff/training-program.ts";
import type { Feed } from "../../training/autodiff/training-session.ts";
import { contrastive } from "../../training/losses/contrastive.ts";
import { readModel } from "../../training/onnx/reader.ts";
import { readFloatTensor } from "../../training/onnx/tensor.ts";
import type { Parameter } from "../../training/optim/parameter.ts";

/** Token ids of texts, special tokens included. */
export type Texts = readonly (readonly number[])[];

/** The training step that both sides do: in-batch contrast of mean-pooled unit vectors, temperature 0.05. */
export interface ContrastiveStep {
  readonly program: TrainingProgram;
  /** Copies of the model's weights. */
  readonly parameters: readonly Parameter[];
  readonly feeds: (queries: Texts, passages: Texts) => Map<string, Feed>;
}

const loss = contrastive({ temperature: 0.05 });
const TOKEN_INPUTS: EncoderManifest["model"]["inputs"] = ["input_ids", "attention_mask", "token_type_ids"];

/** `together`: queries and passages go through the encoder in one pass, padded to one length; else in two towers. */
export async function contrastiveStep(folder: string, together: boolean): Promise<ContrastiveStep> {
  const model = await readModel(path.join(folder, "model.onnx"));
  const inputs = TOKEN_INPUTS.filter((name) => model.graph.input.some((input) => input.name === name));
  const output = model.graph.output[0]?.name ?? "";
  const program = buildTrainingProgram({
    encoder: { model, inputs, output, pooling: "mean", normalize: true },
    write: (build, encode) => {
      const texts = together ? encode("texts") : "";
      const rows = (name: string): string => build.gather(texts, build.input(name, ["rows"], "int64"));
      const queries = together ? rows("query_rows") : encode("queries");
      const passages = together ? rows("passage_rows") : encode("passages");
      const value = loss.build(build, { queries, passages });
      return { outputs: { loss: value }, seeds: new Map([[value, build.scalar(1)]]) };
    },
  });
  const tensors = new Map(model.graph.initializer.map((tensor) => [tensor.name, tensor]));
  const parameters = program.parameters.flatMap(({ name, dims, path: place }) => {
    const tensor = tensors.get(name);
    return tensor === undefined ? [] : [{ name, dims, path: place, data: readFloatTensor(tensor).data.slice() }];
  });
  return { program, parameters, feeds: (queries, passages) => stepFeeds(queries, passages, together) };
}

function stepFeeds(queries: Texts, passages: Texts, together: boolean): Map<string, Feed> {
  const batch = {
    queryIds: queries.map((_, index) => String(index)),
    passageQuery: queries.map((_, index) => index),
    isPositive: queries.map(() => true),
  };
  const feeds = new Map<string, Feed>(loss.feeds(batch));
  const towers: [string, Texts][] = together
    ? [["texts", [...queries, ...passages]]]
    : [
        ["queries", queries],
        ["passages", passages],
      ];
  for (const [tower, texts] of towers) {
    const width = Math.max(...texts.map((text) => text.length));
    const dims = [texts.length, width];
    const fill = (value: (id: number | undefined) => number): Feed => ({
      dataType: "int64",
      dims,
      data: BigInt64Array.from({ length: texts.length * width }, (_, index) =>
        BigInt(value(texts[Math.floor(index / width)]?.[index % width])),
      ),
    });
    feeds.set(
      `${tower}/input_ids`,
      fill((id) => id ?? 0),
    );
    feeds.set(
      `${tower}/attention_mask`,
      fill((id) => Number(id !== undefined)),
    );
    feeds.set(
      `${tower}/token_type_ids`,
      fill(() => 0),
    );
  }
  const range = (from: number, count: number): Feed => ({
    dataType: "int64",
    dims: [count],
    data: BigInt64Array.from({ length: count }, (_, index) => BigInt(from + index)),
  });
  return feeds.set("query_rows", range(0, queries.length)).set("passage_rows", range(queries.length, passages.length));
}
