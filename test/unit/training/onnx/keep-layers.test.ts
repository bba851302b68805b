import { test } from "vitest";
import { keepLayers } from "../../../../training/onnx/keep-layers.ts";
import type { ModelProto } from "../../../../training/onnx/proto.ts";
import { readModel } from "../../../../training/onnx/reader.ts";
import { createTensor } from "../../../../training/onnx/tensor.ts";
import { graphModel, runModel } from "../../../support/onnx-graph.ts";
import { TRAINING_FIXTURE_MODEL } from "../../../support/training-fixture.ts";

/** Each layer multiplies by 2, 3 and 5 and adds what was before: h ← h · k + h. */
function threeLayers(): ModelProto {
  const factors = [2, 3, 5];
  const model = graphModel({
    nodes: [
      ["Mul", ["x", "scale"], ["h0"]],
      ...factors.flatMap((_, layer) => [
        ["Mul", [`h${layer}`, `factor${layer}`], [`m${layer}`]] as const,
        ["Add", [`m${layer}`, `h${layer}`], [layer === 2 ? "y" : `h${layer + 1}`]] as const,
      ]),
    ],
    initializers: [
      createTensor("scale", "float", [1], Float32Array.of(10)),
      ...factors.map((factor, layer) => createTensor(`factor${layer}`, "float", [1], Float32Array.of(factor))),
    ],
  });
  for (const [index, node] of model.graph.node.entries()) {
    const layer = Math.floor((index - 1) / 2);
    node.name = index === 0 ? "/embeddings/Mul" : `/encoder/layer.${layer}/${node.opType}`;
  }
  return model;
}

test.for([
  [[0, 1, 2], 10 * 3 * 4 * 6],
  [[0, 2], 10 * 3 * 6],
  [[1, 2], 10 * 4 * 6],
  [[0, 1], 10 * 3 * 4],
  [[0], 10 * 3],
  [[2], 10 * 6],
] as const)("layers %j of three", async ([kept, expected], { expect }) => {
  const model = threeLayers();
  keepLayers(model, kept);
  expect(model.graph.initializer.map(({ name }) => name).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    ...kept.map((layer) => `factor${layer}`),
    "scale",
  ]);
  const { y } = await runModel(model, { x: { data: Float32Array.of(1), dims: [1] } });
  expect([...(y ?? [])]).toEqual([expected]);
});

test("a layer of a BERT export goes with its weights, and the rest still runs", async ({ expect }) => {
  const model = await readModel(TRAINING_FIXTURE_MODEL);
  const before = model.graph.initializer.length;
  keepLayers(model, [1]);
  const names = model.graph.initializer.map(({ name }) => name);
  expect(names.some((name) => name.includes("layer.0."))).toBe(false);
  expect(names.some((name) => name.includes("layer.1."))).toBe(true);
  expect(names.length).toBeLessThan(before);
  const dims = [1, 3];
  const ids = (data: readonly bigint[]) => ({ data: BigInt64Array.from(data), dims });
  const { last_hidden_state: states } = await runModel(model, {
    input_ids: ids([2n, 7n, 3n]),
    attention_mask: ids([1n, 1n, 1n]),
    token_type_ids: ids([0n, 0n, 0n]),
  });
  expect(states).toHaveLength(3 * 16);
});

test("a layer that is not there is named, with those that are", ({ expect }) => {
  expect(() => {
    keepLayers(threeLayers(), [0, 7]);
  }).toThrow(/no layer 7: it has layers 0, 1, 2/u);
});

test("a graph whose names tell no layers is refused", ({ expect }) => {
  const model = threeLayers();
  for (const node of model.graph.node) {
    node.name = node.output[0] ?? "";
  }
  expect(() => {
    keepLayers(model, [0]);
  }).toThrow(/its node names tell no layers/u);
});
