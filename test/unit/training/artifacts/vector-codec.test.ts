import * as fc from "fast-check";
import { describe, it } from "vitest";
import { bytesPerVector, packVectors, unpackVectors } from "../../../../training/artifacts/vector-codec.ts";
import type { VectorDtype } from "../../../../training/artifacts/vector-codec.ts";

function roundTrip(vectors: readonly Float32Array[], dtype: VectorDtype, dims: number): Float32Array {
  const into = new Float32Array(vectors.length * dims);
  unpackVectors(packVectors(vectors, dtype), { dtype, dims, into });
  return into;
}

const DIMS = 5;
const vectors = fc.array(
  fc
    .array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: DIMS, maxLength: DIMS })
    .map((values) => Float32Array.from(values)),
);

describe("vector files", () => {
  it("float32 keeps every bit", ({ expect }) => {
    fc.assert(
      fc.property(vectors, (given) => {
        expect(roundTrip(given, "float32", DIMS)).toEqual(Float32Array.from(given.flatMap((vector) => [...vector])));
      }),
    );
  });

  it("int8 is off by at most half a step of its vector", ({ expect }) => {
    fc.assert(
      fc.property(vectors, (given) => {
        const back = roundTrip(given, "int8", DIMS);
        for (const [row, vector] of given.entries()) {
          const step = Math.max(...vector.map(Math.abs)) / 127;
          for (const [i, value] of vector.entries()) {
            expect(Math.abs((back[row * DIMS + i] ?? NaN) - value)).toBeLessThanOrEqual(step * 0.501 + 1e-37);
          }
        }
      }),
    );
  });

  it("int8 lies as documented: float32 scale, then codes, little-endian", ({ expect }) => {
    const bytes = packVectors([Float32Array.of(127, -127, 0.4, 63.6)], "int8");
    expect([...bytes]).toEqual([0, 0, 0x80, 0x3f, 127, 0x81, 0, 64]);
    expect(bytesPerVector("int8", 4)).toBe(8);
  });

  it("int8 keeps the zero vector zero", ({ expect }) => {
    expect(roundTrip([new Float32Array(DIMS)], "int8", DIMS)).toEqual(new Float32Array(DIMS));
  });
});
