import { describe, test } from "vitest";
import { fuseGelu } from "../../../../../training/autodiff/fusion/fuse-gelu.ts";
import { fuseLayerNorm } from "../../../../../training/autodiff/fusion/fuse-layer-norm.ts";
import type { GraphBuilder } from "../../../../../training/onnx/graph-builder.ts";
import { Graph } from "../../../../../training/onnx/graph.ts";
import { ValueTypes } from "../../../../../training/onnx/shapes/value-types.ts";
import { builtModel } from "../../../../support/built-model.ts";
import { runModel, wave } from "../../../../support/onnx-graph.ts";

const x = { data: wave(12, 1).map((value) => 3 * value), dims: [3, 4] };

/** The formula's values before and after both fusions, and how many were found. */
async function fuse(formula: (build: GraphBuilder) => string) {
  const model = builtModel((build) => {
    build.input("x", ["rows", 4]);
    return formula(build);
  });
  const before = await runModel(model, { x });
  const graph = new Graph(model.graph);
  const found = { layerNorms: fuseLayerNorm(graph, new ValueTypes(graph)), gelus: fuseGelu(graph) };
  graph.removeDead();
  graph.commit();
  const after = await runModel(model, { x });
  const difference = Math.max(
    ...(before["y"] ?? [NaN]).map((value, index) => Math.abs(value - (after["y"]?.[index] ?? NaN))),
  );
  return { ...found, difference, operators: model.graph.node.map(({ opType }) => opType) };
}

const vector = (build: GraphBuilder, phase: number): string => build.tensor("float", [4], wave(4, phase));

function layerNorm(build: GraphBuilder, square: (c: string) => string, axis = -1): string {
  const c = build.sub("x", build.reduceMean("x", [axis]));
  const deviation = build.sqrt(build.add(build.reduceMean(square(c), [axis]), build.scalar(1e-6)));
  return build.add(build.mul(build.div(c, deviation), vector(build, 2)), vector(build, 3));
}

describe("fusion", () => {
  test.for<[string, (build: GraphBuilder) => string]>([
    ["with Pow", (build) => layerNorm(build, (c) => build.op("Pow", [c, build.scalar(2)]))],
    ["with a product", (build) => layerNorm(build, (c) => build.mul(c, c))],
    ["with the last axis counted from the start", (build) => layerNorm(build, (c) => build.mul(c, c), 1)],
  ])("layer normalisation %s", async ([, formula], { expect }) => {
    const { layerNorms, difference, operators } = await fuse(formula);
    expect(layerNorms).toBe(1);
    expect(operators).toEqual(["LayerNormalization", "Identity"]);
    expect(difference).toBeLessThan(1e-5);
  });

  test("a normalisation over another axis stays", async ({ expect }) => {
    const { layerNorms } = await fuse((build) => layerNorm(build, (c) => build.mul(c, c), 0));
    expect(layerNorms).toBe(0);
  });

  const bell = (build: GraphBuilder, divisor = Math.SQRT2): string =>
    build.add(build.op("Erf", [build.div("x", build.scalar(divisor))]), build.scalar(1));
  test.for<[string, (build: GraphBuilder) => string]>([
    ["as PyTorch writes it", (build) => build.mul(build.mul("x", bell(build)), build.scalar(0.5))],
    ["half first", (build) => build.mul(build.mul(build.scalar(0.5), "x"), bell(build))],
    ["half of the bell", (build) => build.mul("x", build.mul(build.scalar(0.5), bell(build)))],
  ])("GELU %s", async ([, formula], { expect }) => {
    const { gelus, difference, operators } = await fuse(formula);
    expect(gelus).toBe(1);
    expect(operators).toEqual(["Gelu", "Identity"]);
    expect(difference).toBeLessThan(1e-5);
  });

  test("what only looks like GELU stays", async ({ expect }) => {
    const { gelus } = await fuse((build) => build.mul(build.mul("x", bell(build, 1.5)), build.scalar(0.5)));
    expect(gelus).toBe(0);
  });
});
