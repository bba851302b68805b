import { describe, test } from "vitest";
import { GraphBuilder } from "../../../../training/onnx/graph-builder.ts";
import { Graph } from "../../../../training/onnx/graph.ts";
import { builtModel } from "../../../support/built-model.ts";
import { runModel } from "../../../support/onnx-graph.ts";

const x = { data: Float32Array.of(1, 2, 3, 4, 5, 6), dims: [2, 3] };
const w = { data: Float32Array.of(1, 0, -1, 2, 1, 0), dims: [2, 3] };

/** Runs one formula over x and w, both (2, 3). */
async function evaluate(formula: (build: GraphBuilder) => string): Promise<number[]> {
  const model = builtModel((build) => {
    build.input("x", ["rows", 3]);
    build.input("w", ["rows", 3]);
    return formula(build);
  });
  return [...((await runModel(model, { x, w }))["y"] ?? [])];
}

describe("GraphBuilder", () => {
  const cases: [string, (build: GraphBuilder) => string, number[]][] = [
    ["adds", (build) => build.add("x", "w"), [2, 2, 2, 6, 6, 6]],
    ["subtracts", (build) => build.sub("x", "w"), [0, 2, 4, 2, 4, 6]],
    ["multiplies by a scalar", (build) => build.mul("x", build.scalar(2)), [2, 4, 6, 8, 10, 12]],
    ["divides", (build) => build.div("w", build.scalar(2)), [0.5, 0, -0.5, 1, 0.5, 0]],
    ["negates", (build) => build.neg("w"), [-1, -0, 1, -2, -1, -0]],
    [
      "multiplies by a transposed right factor",
      (build) => build.matMul("x", "w", { transposeB: true }),
      [-2, 4, -2, 13],
    ],
    [
      "multiplies a transposed left factor, scaled",
      (build) => build.matMul("x", "w", { transposeA: true, alpha: 0.5 }),
      [4.5, 2, -0.5, 6, 2.5, -1, 7.5, 3, -1.5],
    ],
    ["sums over an axis", (build) => build.reduceSum("x", [-1], { keepDims: false }), [6, 15]],
    ["averages over all axes", (build) => build.reduceMean("x", [0, 1], { keepDims: false }), [3.5]],
    ["takes the largest", (build) => build.reduceMax("w", [0]), [2, 1, 0]],
    [
      "reduces over no axes to the value itself",
      (build) => build.op("Identity", [build.reduceSum("w", [])]),
      [...w.data],
    ],
    ["reshapes", (build) => build.reduceSum(build.reshape("x", [3, 2]), [0]), [9, 12]],
    ["transposes", (build) => build.transpose("x", [1, 0]), [1, 4, 2, 5, 3, 6]],
    ["gathers columns", (build) => build.gather("x", build.int64s([2, 0]), 1), [3, 1, 6, 4]],
    ["slices to the end", (build) => build.slice("x", 1, 1), [2, 3, 5, 6]],
    ["joins", (build) => build.concat([build.slice("x", 1, 0, 1), build.slice("w", 1, -1)], 1), [1, -1, 4, 0]],
    [
      "chooses by a condition",
      (build) => build.where(build.op("Greater", ["w", build.scalar(0)]), "x", build.scalar(0)),
      [1, 0, 0, 4, 5, 0],
    ],
    [
      "broadcasts to a computed shape",
      (build) => build.expand(build.squeeze(build.unsqueeze(build.scalar(7), [0]), [0]), build.shape("x")),
      [7, 7, 7, 7, 7, 7],
    ],
  ];

  test.for(cases)("%s", async ([, formula, expected], { expect }) => {
    expect(await evaluate(formula)).toEqual(expected);
  });

  test("is exact about softmax, logarithms and roots", async ({ expect }) => {
    const logs = await evaluate((build) => build.log(build.softmax("x", -1)));
    const direct = await evaluate((build) => build.logSoftmax("x", -1));
    const viaSum = await evaluate((build) => build.sub("x", build.reduceLogSumExp("x", [-1])));
    const roots = await evaluate((build) => build.sqrt(build.exp("w")));
    for (const [index, value] of [...x.data].entries()) {
      const row = x.data.subarray(index < 3 ? 0 : 3, index < 3 ? 3 : 6);
      const expected = value - Math.log(row.reduce((sum, other) => sum + Math.exp(other), 0));
      expect(logs[index]).toBeCloseTo(expected, 5);
      expect(direct[index]).toBeCloseTo(expected, 5);
      expect(viaSum[index]).toBeCloseTo(expected, 5);
      expect(roots[index]).toBeCloseTo(Math.exp((w.data[index] ?? NaN) / 2), 5);
    }
  });

  test("stores equal constants once, and apart from those of another type or shape", ({ expect }) => {
    const graph = new Graph(builtModel((build) => build.scalar(0)).graph);
    const build = new GraphBuilder(graph);
    expect(build.int64s([0])).toBe(build.int64s([0]));
    expect(build.int64s([0])).not.toBe(build.int64(0));
    expect(build.tensor("float", [2], Float32Array.of(0, 0))).not.toBe(build.int64(0));
  });

  test("puts its prefix before the values it makes", ({ expect }) => {
    const graph = new Graph(builtModel((build) => build.scalar(0)).graph);
    const build = new GraphBuilder(graph, { prefix: "loss/" });
    expect(build.neg(build.scalar(1))).toBe("loss/neg");
  });

  test("refuses an input whose name is taken", ({ expect }) => {
    const graph = new Graph(builtModel((build) => build.input("x", [1])).graph);
    expect(() => new GraphBuilder(graph).input("x", [2])).toThrow('already has a value "x"');
  });
});
