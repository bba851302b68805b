import { describe, test } from "vitest";
import { intAttribute, intsAttribute } from "../../../../training/onnx/attributes.ts";
import { upgradeOpset } from "../../../../training/onnx/upgrade-opset.ts";
import { graphModel, runModel, wave } from "../../../support/onnx-graph.ts";
import type { GraphModelOptions } from "../../../support/onnx-graph.ts";

const x = { data: wave(24), dims: [2, 3, 4] };

describe("upgradeOpset", () => {
  const cases: [string, number, GraphModelOptions["nodes"][number]][] = [
    ["ReduceMean", 14, ["ReduceMean", ["x"], ["y"], [intsAttribute("axes", [-1]), intAttribute("keepdims", 0)]]],
    ["ReduceSum", 11, ["ReduceSum", ["x"], ["y"], [intsAttribute("axes", [1])]]],
    ["ReduceMax over everything", 17, ["ReduceMax", ["x"], ["y"], [intAttribute("keepdims", 0)]]],
    ["Unsqueeze", 12, ["Unsqueeze", ["x"], ["y"], [intsAttribute("axes", [0, 2])]]],
    [
      "Split into sizes",
      12,
      ["Split", ["x"], ["y", "rest"], [intsAttribute("split", [1, 2]), intAttribute("axis", 1)]],
    ],
    ["Split into halves", 13, ["Split", ["x"], ["y", "rest"], [intAttribute("axis", 2)]]],
    ["Softmax over the last axis", 12, ["Softmax", ["x"], ["y"], [intAttribute("axis", -1)]]],
  ];

  test.for(cases)("%s means the same after operator set %d", async ([, opset, node], { expect }) => {
    const model = graphModel({ nodes: [node], opset });
    const before = await runModel(model, { x });
    upgradeOpset(model);
    expect(model.opsetImport.map(({ version }) => version)).toEqual([20, 1]);
    expect(await runModel(model, { x })).toEqual(before);
  });

  test("refuses a Softmax that flattens, and operator sets that it does not know", ({ expect }) => {
    const softmax = graphModel({ nodes: [["Softmax", ["x"], ["y"]]], opset: 11 });
    expect(() => upgradeOpset(softmax)).toThrow('Softmax "node_0" of operator set 11 is over axis 1');
    expect(() => upgradeOpset(graphModel({ nodes: [], opset: 9 }))).toThrow("operator set 9; 11 to 23 are supported");
  });

  test("leaves newer models as they are", ({ expect }) => {
    const model = graphModel({ nodes: [["Relu", ["x"], ["y"]]], opset: 22 });
    upgradeOpset(model);
    expect(Number(model.opsetImport[0]?.version)).toBe(22);
  });
});
