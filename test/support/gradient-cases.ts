import { floatAttribute, intAttribute, intsAttribute, stringAttribute } from "../../training/onnx/attributes.ts";
import type { GraphBuilder } from "../../training/onnx/graph-builder.ts";
import { MICROSOFT_DOMAIN } from "../../training/onnx/graph-builder.ts";
import type { GradientCase } from "./gradient-check.ts";

/** Values for functions of positive numbers. */
const positive: GradientCase["values"] = (name, length) =>
  Float32Array.from({ length }, (_, index) => 0.4 + ((index * 7 + name.length * 3) % 11) / 7);

/** Values of which no two are close: not at the kink of a maximum. */
const spread: GradientCase["values"] = (name, length) =>
  Float32Array.from({ length }, (_, index) => ((index * 7) % 23) / 11 - 1 + (name === "b" ? 0.045 : 0));

const x = [2, 3];
const op =
  (opType: string, ...attributes: Parameters<GraphBuilder["op"]>[2] & {}) =>
  (build: GraphBuilder): string =>
    build.op(opType, ["x"], attributes);
const operators =
  (opType: string, ...names: readonly string[]) =>
  (build: GraphBuilder): string =>
    build.op(opType, names);
const fused =
  (transA: number, transB: number) =>
  (build: GraphBuilder): string =>
    build.ops("FusedMatMul", ["a", "b"], {
      domain: MICROSOFT_DOMAIN,
      attributes: [intAttribute("transA", transA), intAttribute("transB", transB), floatAttribute("alpha", 0.5)],
    })[0] ?? "";
const gemm =
  (transA: number, transB: number) =>
  (build: GraphBuilder): string =>
    build.op(
      "Gemm",
      ["a", "b", "c"],
      [
        intAttribute("transA", transA),
        intAttribute("transB", transB),
        floatAttribute("alpha", 2),
        floatAttribute("beta", 0.5),
      ],
    );
const reduce =
  (name: string, axes: readonly number[], keepDims = 1) =>
  (build: GraphBuilder): string =>
    build.op(`Reduce${name}`, ["x", build.int64s(axes)], [intAttribute("keepdims", keepDims)]);

/** A title, which begins with the operator it is about, and the function. */
export type NamedGradientCase = readonly [title: string, test: GradientCase];

/** Every derivative rule at work: all attributes and input positions that have one, and open sizes. */
export const GRADIENT_CASES: readonly NamedGradientCase[] = [
  ...[
    "Neg",
    "Exp",
    "Abs",
    "Sin",
    "Cos",
    "Identity",
    "Tanh",
    "Sigmoid",
    "Softplus",
    "Erf",
    "Relu",
    "LeakyRelu",
    "Elu",
    "Dropout",
  ].map((name): NamedGradientCase => [name, { inputs: { x }, formula: op(name) }]),
  ...["Sqrt", "Log", "Reciprocal"].map((name): NamedGradientCase => [
    name,
    { inputs: { x }, values: positive, formula: op(name) },
  ]),
  [
    "Cast",
    {
      inputs: { x },
      formula: (build) => build.cast(build.exp(build.cast("x", "double")), "float"),
    },
  ],
  ["Gelu", { inputs: { x }, formula: op("Gelu") }],
  ["Gelu by tanh", { inputs: { x }, formula: op("Gelu", stringAttribute("approximate", "tanh")) }],
  ["Clip", { inputs: { x }, formula: (build) => build.op("Clip", ["x", build.scalar(-0.8), build.scalar(0.9)]) }],
  ["Clip from below", { inputs: { x }, formula: (build) => build.op("Clip", ["x", build.scalar(-0.8)]) }],
  ...["Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean"].flatMap((name): NamedGradientCase[] => [
    [name, { inputs: { a: x, b: x }, values: spread, formula: operators(name, "a", "b") }],
    [
      `${name}, the right one broadcast`,
      { inputs: { a: [2, 1, 3], b: [4, 1] }, values: spread, formula: operators(name, "a", "b") },
    ],
    [
      `${name}, sizes open`,
      { inputs: { a: [2, 1, 3], b: [4, 1] }, values: spread, formula: operators(name, "a", "b"), symbolic: true },
    ],
  ]),
  ["Pow by 2", { inputs: { x }, formula: (build) => build.op("Pow", ["x", build.scalar(2)]) }],
  ["Pow by 3", { inputs: { x }, formula: (build) => build.op("Pow", ["x", build.scalar(3)]) }],
  ["Pow", { inputs: { a: x, b: [3] }, values: positive, formula: operators("Pow", "a", "b") }],
  [
    "Pow by an integer",
    { inputs: { x }, values: positive, formula: (build) => build.op("Pow", ["x", build.int64(4)]) },
  ],
  [
    "Where",
    {
      inputs: { a: x, b: [3] },
      feeds: { condition: { dataType: "bool", dims: [2, 1], data: Uint8Array.of(1, 0) } },
      formula: (build) => build.where(build.input("condition", [2, 1], "bool"), "a", "b"),
    },
  ],
  ["MatMul", { inputs: { a: [2, 3], b: [3, 4] }, formula: operators("MatMul", "a", "b") }],
  ["MatMul by a weight", { inputs: { a: [2, 2, 3], b: [3, 4] }, formula: operators("MatMul", "a", "b") }],
  [
    "MatMul by a weight, sizes open",
    { inputs: { a: [2, 2, 3], b: [3, 4] }, formula: operators("MatMul", "a", "b"), symbolic: true },
  ],
  [
    "MatMul of batches that broadcast",
    { inputs: { a: [2, 1, 2, 3], b: [4, 3, 2] }, formula: operators("MatMul", "a", "b") },
  ],
  ["MatMul of a row", { inputs: { a: [3], b: [2, 3, 4] }, formula: operators("MatMul", "a", "b") }],
  ["MatMul by a column", { inputs: { a: [2, 4, 3], b: [3] }, formula: operators("MatMul", "a", "b") }],
  ["MatMul of two vectors", { inputs: { a: [3], b: [3] }, formula: operators("MatMul", "a", "b") }],
  ["FusedMatMul", { inputs: { a: [2, 2, 3], b: [3, 4] }, formula: fused(0, 0) }],
  ["FusedMatMul, left transposed", { inputs: { a: [2, 3, 2], b: [2, 3, 4] }, formula: fused(1, 0) }],
  ["FusedMatMul, right transposed", { inputs: { a: [2, 2, 3], b: [4, 3] }, formula: fused(0, 1) }],
  ["FusedMatMul, both transposed", { inputs: { a: [2, 3, 2], b: [2, 4, 3] }, formula: fused(1, 1) }],
  ["FusedMatMul, left transposed, by a weight", { inputs: { a: [2, 3, 2], b: [3, 4] }, formula: fused(1, 0) }],
  ["Gemm", { inputs: { a: [2, 3], b: [3, 4], c: [4] }, formula: gemm(0, 0) }],
  ["Gemm, both transposed", { inputs: { a: [3, 2], b: [4, 3], c: [2, 1] }, formula: gemm(1, 1) }],
  [
    "Einsum",
    {
      inputs: { a: [2, 3, 4], b: [2, 5, 4] },
      formula: (build) => build.op("Einsum", ["a", "b"], [stringAttribute("equation", "bid, bjd -> bij")]),
    },
  ],
  ["Softmax", { inputs: { x: [2, 4] }, formula: op("Softmax", intAttribute("axis", -1)) }],
  ["Softmax over the first axis", { inputs: { x: [3, 2] }, formula: op("Softmax", intAttribute("axis", 0)) }],
  ["LogSoftmax", { inputs: { x: [2, 4] }, formula: op("LogSoftmax", intAttribute("axis", -1)) }],
  [
    "LayerNormalization",
    { inputs: { x: [2, 2, 5], scale: [5], bias: [5] }, formula: operators("LayerNormalization", "x", "scale", "bias") },
  ],
  [
    "LayerNormalization with its statistics, sizes open",
    {
      inputs: { x: [2, 2, 5], scale: [5], bias: [5] },
      formula: (build) => build.ops("LayerNormalization", ["x", "scale", "bias"], { outputs: 3 })[0] ?? "",
      symbolic: true,
    },
  ],
  [
    "LayerNormalization without bias",
    { inputs: { x: [3, 5], scale: [5] }, formula: operators("LayerNormalization", "x", "scale") },
  ],
  [
    "SimplifiedLayerNormalization",
    { inputs: { x: [2, 2, 5], scale: [5] }, formula: operators("SimplifiedLayerNormalization", "x", "scale") },
  ],
  ...["Sum", "Mean", "Max", "Min", "L1", "L2", "SumSquare", "LogSumExp", "Prod"].flatMap(
    (name): NamedGradientCase[] => [
      [`Reduce${name}`, { inputs: { x: [2, 3, 2] }, values: spread, formula: reduce(name, [1]) }],
      [`Reduce${name}, axes dropped`, { inputs: { x: [2, 3, 2] }, values: spread, formula: reduce(name, [0, -1], 0) }],
      [
        `Reduce${name}, sizes open`,
        { inputs: { x: [2, 3, 2] }, values: spread, formula: reduce(name, [0, -1], 0), symbolic: true },
      ],
    ],
  ),
  ["ReduceLogSum", { inputs: { x: [2, 3] }, values: positive, formula: reduce("LogSum", [1]) }],
  [
    "ReduceSum over all axes",
    { inputs: { x }, formula: (build) => build.op("ReduceSum", ["x"], [intAttribute("keepdims", 0)]) },
  ],
  ["Reshape", { inputs: { x: [2, 6] }, formula: (build) => build.reshape("x", [3, -1]) }],
  [
    "Reshape, sizes open",
    { inputs: { x: [2, 6] }, formula: (build) => build.reshape("x", [0, 2, -1]), symbolic: true },
  ],
  ["Flatten", { inputs: { x: [2, 3, 2] }, formula: op("Flatten", intAttribute("axis", 2)) }],
  ["Squeeze", { inputs: { x: [2, 1, 2] }, formula: (build) => build.squeeze("x", [1]) }],
  ["Unsqueeze", { inputs: { x }, formula: (build) => build.unsqueeze("x", [0, 3]) }],
  ["Transpose", { inputs: { x: [2, 3, 4] }, formula: op("Transpose", intsAttribute("perm", [2, 0, 1])) }],
  ["Transpose, reversed", { inputs: { x: [2, 3, 4] }, formula: op("Transpose") }],
  ["Expand", { inputs: { x: [2, 1] }, formula: (build) => build.expand("x", build.int64s([3, 2, 4])) }],
  [
    "Expand, sizes open",
    { inputs: { x: [2, 1] }, formula: (build) => build.expand("x", build.int64s([3, 2, 4])), symbolic: true },
  ],
  ["Concat", { inputs: { a: [2, 1], b: [2, 3] }, formula: (build) => build.concat(["a", "b"], 1) }],
  [
    "Concat, sizes open",
    { inputs: { a: [2, 1], b: [2, 3] }, formula: (build) => build.concat(["a", "b", "a"], -1), symbolic: true },
  ],
  [
    "Split, one part unused",
    {
      inputs: { x: [2, 5] },
      formula: (build) => {
        const [first = "", , third = ""] = build.ops("Split", ["x", build.int64s([1, 2, 2])], {
          outputs: 3,
          attributes: [intAttribute("axis", 1)],
        });
        return build.mul(third, first);
      },
    },
  ],
  ["Slice", { inputs: { x: [3, 4] }, formula: (build) => build.slice("x", 1, 1, 3) }],
  [
    "Slice from the end, sizes open",
    { inputs: { x: [3, 4] }, formula: (build) => build.slice("x", 1, -2), symbolic: true },
  ],
  [
    "Slice of what was transposed",
    {
      inputs: { x: [2, 3, 2, 4] },
      formula: (build) => build.transpose(build.slice(build.transpose("x", [0, 2, 1, 3]), 3, 1, 3), [0, 2, 1, 3]),
    },
  ],
  [
    "Slice of two axes",
    { inputs: { x: [3, 4] }, formula: (build) => build.op("Slice", ["x", build.int64s([0, 1]), build.int64s([2, 9])]) },
  ],
  ["Pad", { inputs: { x }, formula: (build) => build.op("Pad", ["x", build.int64s([1, 0, 2, 1])]) }],
  ["Tile", { inputs: { x }, formula: (build) => build.op("Tile", ["x", build.int64s([2, 3])]) }],
  [
    "Tile, sizes open",
    { inputs: { x }, formula: (build) => build.op("Tile", ["x", build.int64s([2, 3])]), symbolic: true },
  ],
  [
    "Gather, rows read twice",
    { inputs: { x: [4, 3] }, formula: (build) => build.gather("x", build.int64s([2, 0, 2, 2])) },
  ],
  [
    "Gather of a middle axis by a matrix, sizes open",
    {
      inputs: { x: [2, 3, 2] },
      formula: (build) => build.gather("x", build.tensor("int64", [2, 2], BigInt64Array.of(0n, 2n, 0n, -1n)), 1),
      symbolic: true,
    },
  ],
  ["Gather of one position", { inputs: { x: [2, 3, 2] }, formula: (build) => build.gather("x", build.int64(1), 1) }],
  [
    "GatherElements",
    {
      inputs: { x },
      formula: (build) =>
        build.op(
          "GatherElements",
          ["x", build.tensor("int64", [2, 2], BigInt64Array.of(0n, 0n, 2n, 1n))],
          [intAttribute("axis", 1)],
        ),
    },
  ],
  [
    "GatherND",
    {
      inputs: { x },
      formula: (build) => build.op("GatherND", ["x", build.tensor("int64", [3, 1], BigInt64Array.of(1n, 0n, 1n))]),
    },
  ],
  [
    "CumSum",
    { inputs: { x }, formula: (build) => build.op("CumSum", ["x", build.int64(1)], [intAttribute("exclusive", 1)]) },
  ],
  [
    "Trilu",
    { inputs: { x: [3, 3] }, formula: (build) => build.op("Trilu", ["x", build.int64(1)], [intAttribute("upper", 0)]) },
  ],
];

/** The operator that a case is about. */
export function operatorOf([title]: NamedGradientCase): string {
  return title.split(/[ ,]/u)[0] ?? "";
}

/** Operators that cannot be run: onnxruntime has no kernel of this one yet; it shares the rule of SimplifiedLayerNormalization. */
export const UNTESTABLE_OPERATORS: readonly string[] = ["RMSNormalization"];
