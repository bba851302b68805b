import { test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../../src/shared/safetensors.ts";
import type { SafetensorsContent } from "../../../src/shared/safetensors.ts";

const CONTENT: SafetensorsContent = {
  metadata: { format: "pt", note: "a\u2028b" },
  tensors: new Map([
    ["flags", { shape: [3], data: Uint8Array.of(1, 0, 255) }],
    ["weight", { shape: [2, 2], data: Float32Array.of(1.5, -2, 3e-20, Number.NaN) }],
    ["half", { shape: [3], data: Float16Array.of(0.5, -65504, 6e-8) }],
    ["step", { shape: [1], data: Float64Array.of(1 / 3) }],
    ["empty", { shape: [0, 4], data: new Float32Array(0) }],
  ]),
};

test("what was written comes back, bit for bit, also from an odd offset of a buffer", ({ expect }) => {
  const bytes = Buffer.concat([...encodeSafetensors(CONTENT)]);
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  for (const candidate of [new Uint8Array(bytes), shifted]) {
    const { tensors, metadata } = decodeSafetensors(candidate, "x");
    expect(metadata).toEqual(CONTENT.metadata);
    expect(tensors).toEqual(CONTENT.tensors);
  }
});

test("the layout is the format's own: length, JSON, data", ({ expect }) => {
  // Written by the Python package safetensors 0.8.0 from {"a": np.array([[1, 2]], "<f4")}, metadata {"k": "v"}.
  const header = '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8, " ");
  const file = Buffer.concat([
    Buffer.from(BigUint64Array.of(BigInt(padded.length)).buffer),
    Buffer.from(padded),
    Buffer.from(Float32Array.of(1, 2).buffer),
  ]);
  expect(
    Buffer.concat([
      ...encodeSafetensors({
        metadata: { k: "v" },
        tensors: new Map([["a", { shape: [1, 2], data: Float32Array.of(1, 2) }]]),
      }),
    ]),
  ).toEqual(file);
});

test("a shape that does not match its data is not written", ({ expect }) => {
  const tensors = new Map([["a", { shape: [3], data: Float32Array.of(1) }]]);
  expect(() => [...encodeSafetensors({ tensors, metadata: {} })]).toThrow(/tensor "a" has 1 elements/u);
});

function file(header: unknown, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  return Buffer.concat([Buffer.from(BigUint64Array.of(BigInt(json.length)).buffer), json, Buffer.alloc(dataBytes)]);
}

const F32 = { dtype: "F32", shape: [1], data_offsets: [0, 4] };

test.for([
  ["too short", Uint8Array.of(1, 2), /is no safetensors file: 2 bytes/u],
  ["a header beyond the file", file("", 0).fill(9, 0, 2), /a header of 2313 bytes in a file of 8/u],
  ["not JSON", file("{", 0), /not JSON/u],
  ["a malformed entry", file({ a: { ...F32, shape: [-1] } }, 4), /malformed/u],
  ["an unknown type", file({ a: { ...F32, dtype: "F8" } }, 4), /unsupported type F8/u],
  ["a type of the prototype", file({ a: { ...F32, dtype: "constructor" } }, 4), /unsupported type constructor/u],
  ["data beyond the file", file({ a: F32 }, 3), /cannot lie at bytes 0 to 4 of 3/u],
  ["a shape of another size", file({ a: { ...F32, shape: [2] } }, 4), /"a" \[2\] cannot lie/u],
  ["overlapping tensors", file({ a: F32, b: F32 }, 4), /"b" \[1\] cannot lie at bytes 0 to 4/u],
  ["bytes of no tensor", file({ a: F32 }, 6), /2 bytes belong to no tensor/u],
] as const)("%s is refused", ([, bytes, message], { expect }) => {
  expect(() => decodeSafetensors(bytes, "adapter.safetensors")).toThrow(message);
});
