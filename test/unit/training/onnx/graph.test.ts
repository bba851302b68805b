import * as fc from "fast-check";
import { test } from "vitest";
import { Graph } from "../../../../training/onnx/graph.ts";
import { createFloatScalar, createTensor } from "../../../../training/onnx/tensor.ts";
import { graphModel, runModel, wave } from "../../../support/onnx-graph.ts";

const chain = () =>
  graphModel({
    nodes: [
      ["Abs", ["x"], ["a"]],
      ["Sqrt", ["a"], ["b"]],
      ["Neg", ["b"], ["y"]],
      ["Exp", ["b"], ["unused"]],
    ],
    initializers: [createFloatScalar("spare", 1)],
  });

test("producers and consumers are found by value", ({ expect }) => {
  const graph = new Graph(chain().graph);
  expect(graph.producer("b")?.opType).toBe("Sqrt");
  expect(graph.producer("x")).toBeUndefined();
  expect(graph.consumers("b").map(({ opType }) => opType)).toEqual(["Neg", "Exp"]);
});

test("dead nodes and initializers go, what outputs need stays", ({ expect }) => {
  const model = chain();
  const graph = new Graph(model.graph);
  expect(graph.removeDead()).toBe(1);
  graph.commit();
  expect(model.graph.node.map(({ opType }) => opType)).toEqual(["Abs", "Sqrt", "Neg"]);
  expect(model.graph.initializer).toEqual([]);
});

test("a node replaced by others added in any order runs in the right order", async ({ expect }) => {
  const model = chain();
  const graph = new Graph(model.graph);
  const sqrt = graph.producer("b");
  if (sqrt === undefined) {
    throw new Error("the chain has a Sqrt");
  }
  graph.removeNode(sqrt);
  graph.addInitializer(createFloatScalar("half", 0.5));
  graph.addNode({ opType: "Exp", inputs: ["halved"], outputs: ["b"] });
  graph.addNode({ opType: "Mul", inputs: ["log", "half"], outputs: ["halved"] });
  graph.addNode({ opType: "Log", inputs: ["a"], outputs: ["log"] });
  graph.removeDead();
  graph.commit();
  const { y } = await runModel(model, { x: { data: Float32Array.of(-4, 9), dims: [2] } });
  expect(y?.[0]).toBeCloseTo(-2, 5);
  expect(y?.[1]).toBeCloseTo(-3, 5);
});

test("every reader of a value can be moved to another", async ({ expect }) => {
  const model = chain();
  const graph = new Graph(model.graph);
  graph.replaceUses("b", "a");
  graph.removeDead();
  graph.commit();
  const { y } = await runModel(model, { x: { data: Float32Array.of(-4), dims: [1] } });
  expect(y).toEqual(Float32Array.of(-4));
});

test("unique names avoid nodes, values, initializers and each other", ({ expect }) => {
  const graph = new Graph(chain().graph);
  expect(["a", "spare", "node_0", "x", "fresh", "fresh"].map((base) => graph.uniqueName(base))).toEqual([
    "a_2",
    "spare_2",
    "node_0_2",
    "x_2",
    "fresh",
    "fresh_2",
  ]);
});

test("a constant is an initializer or a Constant node, never something a caller may feed", ({ expect }) => {
  const model = graphModel({
    nodes: [["Add", ["x", "w"], ["y"]]],
    initializers: [createTensor("w", "float", [2], wave(2))],
    inputs: { x: 1, w: 1 },
  });
  expect(new Graph(model.graph).constant("w")).toBeUndefined();
  expect(new Graph(chain().graph).constant("spare")?.name).toBe("spare");
});

test("a cycle and an unknown value are refused by name", ({ expect }) => {
  const cycle = new Graph(
    graphModel({
      nodes: [
        ["Add", ["x", "b"], ["a"]],
        ["Neg", ["a"], ["b"]],
        ["Abs", ["b"], ["y"]],
      ],
    }).graph,
  );
  expect(() => {
    cycle.commit();
  }).toThrow(/cycle/u);
  const dangling = new Graph(graphModel({ nodes: [["Abs", ["nothing"], ["y"]]] }).graph);
  expect(() => {
    dangling.commit();
  }).toThrow(/reads "nothing", which nothing produces/u);
});

test("any shuffle of a graph commits to an order in which producers come first", ({ expect }) => {
  const shuffled = fc.shuffledSubarray([...Array.from({ length: 12 }).keys()], { minLength: 12 });
  fc.assert(
    fc.property(shuffled, (order) => {
      const model = graphModel({
        nodes: order.map((index) => [
          "Add",
          [index === 0 ? "x" : `v${index - 1}`, index < 2 ? "x" : `v${index - 2}`],
          [index === 11 ? "y" : `v${index}`],
        ]),
      });
      new Graph(model.graph).commit();
      const seen = new Set(["x"]);
      for (const { input, output } of model.graph.node) {
        expect(input.every((name) => seen.has(name))).toBe(true);
        seen.add(output[0] ?? "");
      }
    }),
  );
});
