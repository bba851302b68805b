import { describe, test } from "vitest";
import { intAttribute } from "../../../../training/onnx/attributes.ts";
import { GraphBuilder } from "../../../../training/onnx/graph-builder.ts";
import { Graph } from "../../../../training/onnx/graph.ts";
import type { Dim } from "../../../../training/onnx/shapes/value-type.ts";
import { ValueTypes } from "../../../../training/onnx/shapes/value-types.ts";
import { builtModel } from "../../../support/built-model.ts";

/** What is inferred for a formula over x (batch, 12, 8), y (1, 8), float, and ids (batch, tokens), int64. */
function infer(formula: (build: GraphBuilder) => string) {
  const graph = new Graph(builtModel((build) => ({ unused: build.scalar(0) })).graph);
  const build = new GraphBuilder(graph);
  build.input("x", ["batch", 12, 8]);
  build.input("y", [1, 8]);
  build.input("ids", ["batch", "tokens"], "int64");
  const value = formula(build);
  return new ValueTypes(graph).of(value);
}

describe("ValueTypes", () => {
  const cases: [string, (build: GraphBuilder) => string, readonly Dim[] | undefined][] = [
    ["broadcasting", (build) => build.add("x", "y"), ["batch", 12, 8]],
    ["a product", (build) => build.matMul("x", build.transpose("y", [1, 0])), ["batch", 12, 1]],
    ["a product with a transposed factor", (build) => build.matMul("x", "x", { transposeB: true }), ["batch", 12, 12]],
    ["a reshape with what is left over", (build) => build.reshape("x", [0, -1]), ["batch", 96]],
    [
      "a reshape to a shape computed from another",
      (build) => {
        const size = (axis: number): string =>
          build.unsqueeze(build.gather(build.shape("ids"), build.int64(axis)), [0]);
        return build.reshape("x", build.concat([size(0), size(1), build.int64s([4, -1])], 0));
      },
      ["batch", "tokens", 4, "reshape#3"],
    ],
    [
      "an expansion",
      (build) => build.expand("y", build.concat([build.shape("ids"), build.int64s([8])], 0)),
      ["batch", "tokens", 8],
    ],
    [
      "a lookup",
      (build) => build.gather(build.tensor("float", [2, 3], new Float32Array(6)), "ids"),
      ["batch", "tokens", 3],
    ],
    ["a sum over axes that go", (build) => build.reduceSum("x", [0, -1], { keepDims: false }), [12]],
    ["a sum over axes that stay", (build) => build.reduceSum("x", [0, -1]), [1, 12, 1]],
    ["a slice", (build) => build.slice("x", 1, 2, -3), ["batch", 7, 8]],
    [
      "the first so many positions",
      (build) =>
        build.op("Slice", [
          build.tensor("int64", [1, 64], new BigInt64Array(64)),
          build.int64s([0]),
          build.gather(build.shape("ids"), build.int64s([1])),
          build.int64s([1]),
        ]),
      [1, "tokens"],
    ],
    ["joined parts", (build) => build.concat(["x", "x"], 1), ["batch", 24, 8]],
    [
      "a part",
      (build) =>
        build.ops("Split", ["x"], {
          outputs: 2,
          attributes: [intAttribute("axis", 2), intAttribute("num_outputs", 2)],
        })[1] ?? "",
      ["batch", 12, 4],
    ],
    ["a squeeze and its inverse", (build) => build.unsqueeze(build.squeeze("y", [0]), [1, -1]), [8, 1, 1]],
    ["padding", (build) => build.op("Pad", ["y", build.int64s([0, 1, 0, 2])]), [1, 11]],
    ["an operator without a shape rule", (build) => build.op("StringNormalizer", ["x"]), undefined],
  ];

  test.for(cases)("%s", ([, formula, expected], { expect }) => {
    expect(infer(formula).dims).toEqual(expected);
  });

  test("two names that may differ are not taken for equal", ({ expect }) => {
    const { dims } = infer((build) => build.add(build.cast("ids"), build.cast(build.transpose("ids", [1, 0]))));
    expect(dims).toEqual(["add#0", "add#1"]);
  });

  test("follows element types", ({ expect }) => {
    expect(infer((build) => build.cast("ids")).dataType).toBe("float");
    expect(infer((build) => build.op("Equal", ["ids", "ids"])).dataType).toBe("bool");
    expect(infer((build) => build.shape("x")).dataType).toBe("int64");
  });

  test("does not believe that both axes of an input are one size because an exporter named them so", ({ expect }) => {
    const graph = new Graph(builtModel((build) => ({ unused: build.scalar(0) })).graph);
    new GraphBuilder(graph).input("ids", ["batch", "batch"], "int64");
    expect(new ValueTypes(graph).of("ids").dims).toEqual(["batch", "ids#1"]);
  });
});
