import { mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import * as fc from "fast-check";
import { test } from "vitest";
import { encodeModelProto } from "../../../../training/onnx/codec.ts";
import { MAX_NAME_LENGTH, MAX_TENSOR_RANK } from "../../../../training/onnx/limits.ts";
import type { ModelProto } from "../../../../training/onnx/proto.ts";
import { decodeModel, readModel } from "../../../../training/onnx/reader.ts";
import { createTensor, readFloatTensor } from "../../../../training/onnx/tensor.ts";
import { encodeModel } from "../../../../training/onnx/writer.ts";
import { graphModel, runModel, wave } from "../../../support/onnx-graph.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

function productModel(weights = createTensor("w", "float", [3, 2], wave(6))): ModelProto {
  return graphModel({ nodes: [["MatMul", ["x", "w"], ["y"]]], initializers: [weights] });
}

test("a written model means the same to onnxruntime after it was read and written again", async ({ expect }) => {
  const bytes = encodeModel(productModel());
  const again = encodeModel(decodeModel(bytes));
  const feeds = { x: { data: wave(12, 1), dims: [4, 3] } };
  expect(again).toEqual(bytes);
  expect(await runModel(again, feeds)).toEqual(await runModel(bytes, feeds));
});

test("fields that the schema does not know survive, at every level", ({ expect }) => {
  const unknownField = [0xfa, 0x7f, 3, 1, 2, 3]; // field 2047, three bytes
  const node = [0x0a, 1, 0x78, 0x12, 1, 0x79, 0x22, 4, ...Buffer.from("Relu"), ...unknownField];
  const graph = [0x0a, node.length, ...node, 0x12, 1, 0x67, ...unknownField];
  const opset = [0x10, 14];
  const bytes = Uint8Array.from([0x08, 8, 0x3a, graph.length, ...graph, 0x42, opset.length, ...opset, ...unknownField]);
  expect(Buffer.from(encodeModel(decodeModel(bytes)))).toEqual(Buffer.from(bytes));
});

test("zeros that a file states stay stated", ({ expect }) => {
  const attribute = [0x0a, 4, ...Buffer.from("axis"), 0x18, 0, 0xa0, 0x01, 2]; // i = 0
  const node = [0x22, 6, ...Buffer.from("Gather"), 0x2a, attribute.length, ...attribute];
  const graph = [0x0a, node.length, ...node];
  const bytes = Uint8Array.from([0x08, 8, 0x3a, graph.length, ...graph, 0x42, 2, 0x10, 14]);
  expect(Buffer.from(encodeModel(decodeModel(bytes)))).toEqual(Buffer.from(bytes));
});

test("weights are views into the file's memory where alignment allows, and copies elsewhere", ({ expect }) => {
  const bytes = encodeModel(productModel());
  const seen = new Set<boolean>();
  for (let shift = 0; shift < 4; shift += 1) {
    const memory = new Uint8Array(bytes.byteLength + shift);
    memory.set(bytes, shift);
    const [tensor] = decodeModel(memory.subarray(shift)).graph.initializer;
    const { data } = readFloatTensor(tensor ?? createTensor("", "float", [0], new Float32Array()));
    expect(data).toEqual(wave(6));
    seen.add(data.buffer === memory.buffer);
  }
  expect(seen).toEqual(new Set([true, false]));
});

test("elements in typed fields are read like raw ones", ({ expect }) => {
  const model = productModel();
  const [tensor] = model.graph.initializer;
  Object.assign(tensor ?? {}, { rawData: new Uint8Array(), floatData: [...wave(6)] });
  const [read] = decodeModel(encodeModelProto(model)).graph.initializer;
  expect(read && readFloatTensor(read).data).toEqual(wave(6));
});

test("every truncation of a file is refused with a text, or is another valid model", ({ expect }) => {
  const bytes = encodeModel(productModel());
  for (let length = 0; length < bytes.byteLength; length += 1) {
    expect(() => decodeModel(bytes.subarray(0, length)), `${length} bytes`).toThrow(/ONNX model/u);
  }
});

test("random damage never gives anything but a model or a refusal", ({ expect }) => {
  const bytes = encodeModel(productModel());
  const damage = fc.array(fc.tuple(fc.nat(bytes.byteLength - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(damage, (changes) => {
      const damaged = bytes.slice();
      for (const [position, value] of changes) {
        damaged[position] = value;
      }
      try {
        decodeModel(damaged);
      } catch (error) {
        expect(error).toMatchObject({ name: "AppError", code: "invalid_artifact" });
      }
    }),
    { numRuns: 500 },
  );
});

test.for([
  [
    "a shape of terabytes over little data",
    { dims: [1_000_000, 1_000_000] },
    /needs 1000000000000 elements, the file has 6/u,
  ],
  ["too little data", { dims: [3, 3] }, /tensor "w" of shape \[3, 3\] needs 9 elements, the file has 6/u],
  ["a negative dimension", { dims: [-3, -2] }, /dimension -3/u],
  [
    "a rank beyond the limit",
    { dims: Array.from({ length: MAX_TENSOR_RANK + 1 }, () => 1) },
    /17 dimensions, at most 16/u,
  ],
  ["an endless name", { name: "w".repeat(MAX_NAME_LENGTH + 1) }, /4097 characters/u],
  ["data in another file", { dataLocation: 1 }, /lies in another file/u],
] as const)("%s is refused", ([, change, message], { expect }) => {
  const model = productModel();
  Object.assign(model.graph.initializer[0] ?? {}, change);
  expect(() => decodeModel(encodeModelProto(model))).toThrow(message);
});

test("a value with two producers is refused", ({ expect }) => {
  const model = graphModel({
    nodes: [
      ["Relu", ["x"], ["y"]],
      ["Abs", ["x"], ["y"]],
    ],
  });
  expect(() => decodeModel(encodeModelProto(model))).toThrow(
    /"y" is produced twice, the second time by node "node_1"/u,
  );
});

test("a missing file is named", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  await expect(readModel(path.join(folder, "model.onnx"))).rejects.toThrow(/model\.onnx cannot be read/u);
});

function externalModel(location: string, offset = "0"): Uint8Array {
  const model = productModel();
  const entries = { location, offset, length: "24" };
  Object.assign(model.graph.initializer[0] ?? {}, {
    rawData: new Uint8Array(),
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  });
  return encodeModelProto(model);
}

test("weights in a file beside the model become part of it", async ({ expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  await writeFile(path.join(folder, "model.data"), Buffer.concat([Buffer.alloc(8), Buffer.from(wave(6).buffer)]));
  await writeFile(path.join(folder, "model.onnx"), externalModel("model.data", "8"));
  const model = await readModel(path.join(folder, "model.onnx"));
  const feeds = { x: { data: wave(3, 1), dims: [1, 3] } };
  expect(await runModel(model, feeds)).toEqual(await runModel(productModel(), feeds));
});

test.for([
  ["../secret", /outside of the model's folder/u],
  ["link", /outside of the model's folder/u],
  ["absent", /which is not there/u],
  ["short", /ends at byte 24 of "short", which has 5/u],
] as const)("weights in %s are refused", async ([location, message], { expect, onTestFinished }) => {
  const folder = await temporaryFolder(onTestFinished);
  const inner = path.join(folder, "model");
  await mkdir(inner);
  await writeFile(path.join(folder, "secret"), Buffer.alloc(24));
  await symlink(path.join(folder, "secret"), path.join(inner, "link"));
  await writeFile(path.join(inner, "short"), "12345");
  await writeFile(path.join(inner, "model.onnx"), externalModel(location));
  await expect(readModel(path.join(inner, "model.onnx"))).rejects.toThrow(message);
});

test("a 64-bit integer beyond what a number holds is written back exactly", ({ expect }) => {
  // Slice with the open end INT64_MAX as an attribute, as opset 9 has it.
  const max = Uint8Array.of(
    0x0a,
    4,
    ...Buffer.from("ends"),
    0x40,
    ...Array.from({ length: 8 }, () => 0xff),
    0x7f,
    0xa0,
    1,
    7,
  );
  const node = [0x22, 5, ...Buffer.from("Slice"), 0x2a, max.length, ...max];
  const graph = [0x0a, node.length, ...node];
  const bytes = Uint8Array.from([0x08, 8, 0x3a, graph.length, ...graph, 0x42, 2, 0x10, 9]);
  expect(Buffer.from(encodeModel(decodeModel(bytes)))).toEqual(Buffer.from(bytes));
});
