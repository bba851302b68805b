import { describe, test } from "vitest";
import { parameterSettings } from "../../../../training/optim/parameter-settings.ts";
import type { Parameter } from "../../../../training/optim/parameter.ts";

const parameter = (name: string, dims: readonly number[] = [2, 2], path?: string): Parameter => ({
  name,
  dims,
  data: new Float32Array(dims.reduce((product, dim) => product * dim, 1)),
  ...(path === undefined ? {} : { path }),
});

describe("weight decay", () => {
  const cases: [string, readonly number[], number][] = [
    ["onnx::MatMul_123", [2, 2], 0.01],
    ["embeddings.word_embeddings.weight", [2, 2], 0.01],
    ["encoder.layer.0.attention.self.query.bias", [2], 0],
    ["embeddings.LayerNorm.weight", [2], 0],
    ["encoder.block.0.layer.0.layer_norm.weight", [2], 0],
    ["onnx::Mul_7", [2], 0],
    ["scale", [], 0],
    ["encoder.layer.1.output.dense.bias", [1, 2], 0],
    ["encoder.layer.1.output.LayerNorm.weight", [1, 2], 0],
    ["layers.1.mlp_norm.weight", [1, 2], 0],
    ["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", [2, 2], 0.01],
  ];
  test.for(cases)("of %s of shape %j is %d", ([name, dims, expected], { expect }) => {
    const settings = parameterSettings([parameter(name, dims)], { weightDecay: 0.01 });
    expect(settings.get(name)).toEqual({ isFrozen: false, weightDecay: expected, rateScale: 1 });
  });

  test("can be had for vectors too, as in plain torch", ({ expect }) => {
    const settings = parameterSettings([parameter("b.bias", [2])], { weightDecay: 0.01, decaysVectors: true });
    expect(settings.get("b.bias")?.weightDecay).toBe(0.01);
  });
});

describe("rate by layer", () => {
  const rates = (parameters: readonly Parameter[]) =>
    Object.fromEntries(
      [...parameterSettings(parameters, { layerDecay: 0.5 })].map(([name, { rateScale }]) => [name, rateScale]),
    );

  test("halves from layer to layer down to the embeddings; heads have the full rate", ({ expect }) => {
    expect(
      rates([
        parameter("embeddings.word_embeddings.weight"),
        parameter("embeddings.LayerNorm.bias", [2]),
        parameter("encoder.layer.0.output.dense.bias", [2]),
        parameter("encoder.layer.1.output.dense.bias", [2]),
        parameter("onnx::MatMul_9", [2, 2], "/encoder/layer.0/output/dense/MatMul"),
        parameter("final_norm.weight", [2]),
      ]),
    ).toEqual({
      "embeddings.word_embeddings.weight": 0.25,
      "embeddings.LayerNorm.bias": 0.25,
      "encoder.layer.0.output.dense.bias": 0.5,
      "encoder.layer.1.output.dense.bias": 1,
      "onnx::MatMul_9": 0.5,
      "final_norm.weight": 1,
    });
  });

  test("knows other ways to count layers; in T5 the block counts, not what it is made of", ({ expect }) => {
    expect(
      rates([
        parameter("shared.weight"),
        parameter("encoder.block.3.layer.1.DenseReluDense.wi.weight"),
        parameter("layers.2.mlp.Wo.weight"),
        parameter("h.1.attn.weight"),
        parameter("transformer.layer.0.ffn.weight"),
      ]),
    ).toEqual({
      "shared.weight": 0.0625,
      "encoder.block.3.layer.1.DenseReluDense.wi.weight": 1,
      "layers.2.mlp.Wo.weight": 0.5,
      "h.1.attn.weight": 0.25,
      "transformer.layer.0.ffn.weight": 0.125,
    });
  });

  test("is the same everywhere when nothing says where it is", ({ expect }) => {
    expect(rates([parameter("a"), parameter("b")])).toEqual({ a: 1, b: 1 });
  });
});

test("freezes what a part of the name or path says", ({ expect }) => {
  const parameters = [
    parameter("embeddings.word_embeddings.weight"),
    parameter("onnx::MatMul_9", [2, 2], "/encoder/layer.0/output/dense/MatMul"),
    parameter("encoder.layer.1.output.dense.bias", [2]),
  ];
  const settings = parameterSettings(parameters, { frozen: ["embeddings.", "layer.0"] });
  expect([...settings.values()].map(({ isFrozen }) => isFrozen)).toEqual([true, true, false]);
});
