import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { beforeAll, test } from "vitest";
import { externalizeWeights } from "../../../src/encoder/external-weights.ts";
import { decodeModelProto } from "../../../training/onnx/codec.ts";
import { TINY_DIMS, tinyOnnxModel, tinyTable } from "../../support/tiny-onnx-model.ts";

beforeAll(() => {
  const wasm = createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm");
  env.wasm.numThreads = 1;
  env.wasm.wasmBinary = new Uint8Array(readFileSync(wasm)).buffer;
});

test("a large initializer becomes a reference to its own bytes in the file", ({ expect }) => {
  const model = tinyOnnxModel();
  const { graph, location, weights } = externalizeWeights(model);
  const [table] = decodeModelProto(graph).graph?.initializer ?? [];
  const entries = Object.fromEntries(table?.externalData.map(({ key, value }) => [key, value]) ?? []);
  expect(table?.dataLocation).toBe(1);
  expect(table?.rawData.length).toBe(0);
  expect(entries["location"]).toBe(location);
  const start = Number(entries["offset"]);
  const bytes = weights.slice(start, start + Number(entries["length"]));
  expect(new Float32Array(bytes.buffer)).toEqual(tinyTable());
  expect(graph.byteLength).toBeLessThan(model.byteLength - tinyTable().byteLength + 200);
});

test("nothing else of the model changes", ({ expect }) => {
  const model = tinyOnnxModel();
  const before = decodeModelProto(model);
  const after = decodeModelProto(externalizeWeights(model).graph);
  expect({ ...after, graph: { ...after.graph, initializer: [] } }).toEqual({
    ...before,
    graph: { ...before.graph, initializer: [] },
  });
});

test("onnxruntime-web computes the same from it", async ({ expect }) => {
  const model = tinyOnnxModel();
  const { graph, location, weights } = externalizeWeights(model);
  const feeds = {
    input_ids: new Tensor("int64", BigInt64Array.of(2n, 5n, 3n), [1, 3]),
    attention_mask: new Tensor("int64", BigInt64Array.of(1n, 1n, 1n), [1, 3]),
  };
  const plain = await InferenceSession.create(model);
  const external = await InferenceSession.create(graph, { externalData: [{ path: location, data: weights }] });
  const expected = await plain.run(feeds);
  const actual = await external.run(feeds);
  expect(actual["states"]?.data).toEqual(expected["states"]?.data);
  expect(actual["states"]?.data.length).toBe(3 * TINY_DIMS);
});

test("bytes that are no protobuf are refused, not looped over", ({ expect }) => {
  expect(() => externalizeWeights(Uint8Array.of(0x3a, 0xff, 0xff, 0x03, 1, 2))).toThrow();
});
