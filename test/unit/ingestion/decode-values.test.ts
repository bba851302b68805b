import * as fc from "fast-check";
import { describe, test } from "vitest";
import { decodeValues, type VectorValues } from "../../../src/ingestion/decode-values.ts";

function toBase64(values: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [index, value] of values.entries()) {
    view.setFloat32(index * 4, value, true);
  }
  return Buffer.from(view.buffer).toString("base64");
}

describe("decodeValues", () => {
  test("reads base64 of little-endian float32 as it reads numbers", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 20 }), (values) => {
        expect(decodeValues(toBase64(values), "v")).toEqual(Float32Array.from(values));
        expect(decodeValues(values, "v")).toEqual(Float32Array.from(values));
      }),
    );
  });

  test("known bytes", ({ expect }) => {
    expect(decodeValues("AACAPwAAAMA=", "v")).toEqual(new Float32Array([1, -2]));
  });

  test.for<[string, VectorValues, RegExp]>([
    ["not base64", "%%%", /v is not base64/u],
    ["not whole floats", "AAAA", /v decodes to 3 bytes, expected a multiple of 4/u],
    ["NaN", toBase64([0, NaN]), /v\[1\] is NaN/u],
    ["infinity", toBase64([-Infinity]), /v\[0\] is -Infinity/u],
    ["a number beyond float32", [1, 1e39], /v\[1\] is Infinity/u],
  ])("refuses %s", ([, values, message], { expect }) => {
    expect(() => decodeValues(values, "v")).toThrow(expect.objectContaining({ code: "invalid_request" }));
    expect(() => decodeValues(values, "v")).toThrow(message);
  });
});
