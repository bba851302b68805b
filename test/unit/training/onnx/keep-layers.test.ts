import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, test } from "vitest";
import type { GraphBuilder } from "../../../../training/onnx/graph-builder.ts";
import { keepLayers } from "../../../../training/onnx/keep-layers.ts";
import type { ModelProto } from "../../../../training/onnx/proto.ts";
import { readModel } from "../../../../training/onnx/reader.ts";
import { encodeModel } from "../../../../training/onnx/writer.ts";
import { builtModel } from "../../../support/built-model.ts";
import { TRAINING_FIXTURE_MODEL } from "../../../support/training-fixture.ts";

const DIMS = 4;
const IDS = [1, 3, 2, 0, 4, 1];

/** Numbers that tell one weight from another. */
const weights = (seed: number, ...dims: number[]): Float32Array =>
  Float32Array.from({ length: dims.reduce((size, dim) => size * dim, 1) }, (_, i) => Math.sin(seed * 7.3 + i * 1.7));

function linear(build: GraphBuilder, x: string, seed: number): string {
  const product = build.matMul(x, build.tensor("float", [DIMS, DIMS], weights(seed, DIMS, DIMS)));
  return build.add(product, build.tensor("float", [DIMS], weights(seed + 0.5, DIMS)));
}

/** In the operators that exporters write. */
function layerNorm(build: GraphBuilder, x: string, seed: number): string {
  const centred = build.sub(x, build.reduceMean(x, [-1]));
  const deviation = build.sqrt(build.add(build.reduceMean(build.mul(centred, centred), [-1]), build.scalar(1e-5)));
  const scaled = build.mul(build.div(centred, deviation), build.tensor("float", [DIMS], weights(seed, DIMS)));
  return build.add(scaled, build.tensor("float", [DIMS], weights(seed + 0.3, DIMS)));
}

/** One head; the mask and the reshape come from outside the residual stream. */
function attention(build: GraphBuilder, x: string, seed: number, mask: string): string {
  const [query, key, value] = [linear(build, x, seed), linear(build, x, seed + 1), linear(build, x, seed + 2)];
  const scores = build.add(build.matMul(query, build.transpose(key, [0, 2, 1])), mask);
  return linear(build, build.reshape(build.matMul(build.softmax(scores, -1), value), build.shape(x)), seed + 3);
}

const feedForward = (build: GraphBuilder, x: string, seed: number): string =>
  linear(build, build.op("Relu", [linear(build, x, seed + 4)]), seed + 5);

type Layer = (build: GraphBuilder, x: string, seed: number, mask: string) => string;

const FORMS = {
  "normalisation after each part, as in BERT": {
    layer: (build, x, seed, mask) => {
      const middle = layerNorm(build, build.add(x, attention(build, x, seed, mask)), seed + 6);
      return layerNorm(build, build.add(middle, feedForward(build, middle, seed)), seed + 7);
    },
    end: (_build, x) => x,
  },
  "normalisation before each part and at the end": {
    layer: (build, x, seed, mask) => {
      const middle = build.add(x, attention(build, layerNorm(build, x, seed + 6), seed, mask));
      return build.add(middle, feedForward(build, layerNorm(build, middle, seed + 7), seed));
    },
    end: (build, x) => layerNorm(build, x, 91),
  },
} as const satisfies Record<string, { layer: Layer; end: (build: GraphBuilder, x: string) => string }>;

/** A transformer of layers with these seeds; its word and position tables meet before the first. */
function transformer(form: keyof typeof FORMS, seeds: readonly number[], { hasPooler = true } = {}): ModelProto {
  return builtModel((build) => {
    const ids = build.input("input_ids", ["texts", "tokens"], "int64");
    const mask = build.unsqueeze(build.input("attention_mask", ["texts", "tokens"]), [1]);
    const words = build.gather(build.tensor("float", [5, DIMS], weights(1, 5, DIMS)), ids);
    const positions = build.gather(build.tensor("float", [6, DIMS], weights(2, 6, DIMS)), ids);
    const start = layerNorm(build, build.add(words, positions), 3);
    const { layer, end } = FORMS[form];
    const last = seeds.reduce((x, seed) => layer(build, x, seed, mask), start);
    return { states: end(build, last), ...(hasPooler ? { pooler_output: linear(build, last, 80) } : {}) };
  });
}

/** Of the last token: added to scores by the transformers here, bits of an exported BERT. */
function maskOf({ graph }: ModelProto): Tensor {
  const isBits = graph.input.some(({ name }) => name === "token_type_ids");
  const dims = [1, IDS.length];
  return isBits
    ? new Tensor("int64", BigInt64Array.of(1n, 1n, 1n, 1n, 1n, 0n), dims)
    : new Tensor("float32", Float32Array.of(0, 0, 0, 0, 0, -1e4), dims);
}

async function statesOf(model: ModelProto, output = "states"): Promise<readonly number[]> {
  const session = await InferenceSession.create(encodeModel(model), { intraOpNumThreads: 1 });
  const dims = [1, IDS.length];
  const feeds = {
    input_ids: new Tensor("int64", BigInt64Array.from(IDS, BigInt), dims),
    attention_mask: maskOf(model),
    token_type_ids: new Tensor("int64", new BigInt64Array(IDS.length), dims),
  };
  const wanted = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
  const { [output]: states } = await session.run(Object.fromEntries(wanted), [output]);
  await session.release();
  return states?.data instanceof Float32Array ? [...states.data] : [];
}

describe.for(Object.keys(FORMS) as (keyof typeof FORMS)[])("%s", (form) => {
  test.for([[[0, 1, 2, 3]], [[3, 1]], [[0]], [[3]]])(
    "layers %j of four are the encoder of these layers",
    async ([layers = []], { expect }) => {
      const seeds = [10, 20, 30, 40];
      const { model, layerCount } = keepLayers(transformer(form, seeds), { output: "states", layers });
      expect(layerCount).toBe(4);
      const chosen = layers.toSorted((a, b) => a - b).map((layer) => seeds[layer] ?? NaN);
      const reference = transformer(form, chosen, { hasPooler: false });
      expect(await statesOf(model)).toEqual(await statesOf(reference));
      const operators = ({ graph }: ModelProto): string[] => graph.node.map(({ opType }) => opType).toSorted();
      expect(operators(model)).toEqual(operators(reference));
      expect(model.graph.output.map(({ name }) => name)).toEqual(["states"]);
    },
  );
});

test("an exported BERT: the first layer's states, and the second's weights on the embeddings", async ({ expect }) => {
  const full = await readModel(TRAINING_FIXTURE_MODEL);
  const output = "last_hidden_state";
  const first = keepLayers(full, { output, layers: [0] }).model;
  const inner = "/bert/encoder/layer.0/output/LayerNorm/Add_1_output_0";
  const [declared] = full.graph.output;
  const tapped = {
    ...full,
    graph: { ...full.graph, output: declared === undefined ? [] : [declared, { ...declared, name: inner }] },
  };
  expect(await statesOf(first, output)).toEqual(await statesOf(tapped, inner));
  expect(first.graph.initializer.some(({ name }) => name.includes("layer.1."))).toBe(false);
  expect(await statesOf(keepLayers(full, { output, layers: [1, 0] }).model, output)).toEqual(
    await statesOf(full, output),
  );
});

test.for([
  [
    "a layer that there is not",
    [0, 4],
    /--layers 0,4: expected different numbers from 0 to 3, the encoder has 4 layers/u,
  ],
  ["a layer given twice", [1, 1], /--layers 1,1: expected different numbers/u],
  ["no layer", [], /expected different numbers/u],
] as const)("%s is refused", ([, layers, message], { expect }) => {
  const model = transformer("normalisation after each part, as in BERT", [1, 2, 3, 4]);
  expect(() => keepLayers(model, { output: "states", layers })).toThrow(message);
});

test("a graph without repeated layers is refused", ({ expect }) => {
  const model = transformer("normalisation after each part, as in BERT", [1]);
  expect(() => keepLayers(model, { output: "states", layers: [0] })).toThrow(
    /no layers were found between the token embeddings and output "states"/u,
  );
});
