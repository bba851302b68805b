import * as fc from "fast-check";
import { describe, it } from "vitest";
import { scalarKernel, strideOf } from "../../../src/vector-index/dot-kernel.ts";
import { quantizeQuery, quantizeRow } from "../../../src/vector-index/quantize.ts";
import { norm } from "../../../src/vector-index/similarity.ts";

describe("scalarKernel", () => {
  it("answers the integers of a plain loop, for any rows in any order", ({ expect }) => {
    const request = fc.integer({ min: 1, max: 21 }).chain((dimensions) =>
      fc.record({
        query: fc.array(fc.integer({ min: -32_767, max: 32_767 }), { minLength: dimensions, maxLength: dimensions }),
        codes: fc.array(fc.int8Array({ minLength: dimensions, maxLength: dimensions }), {
          minLength: 1,
          maxLength: 11,
        }),
        picks: fc.array(fc.nat(), { maxLength: 15 }),
      }),
    );
    fc.assert(
      fc.property(request, ({ query, codes, picks }) => {
        const stride = strideOf(query.length);
        const block = scalarKernel.allocateBlock(codes.length, stride);
        for (const [row, values] of codes.entries()) {
          block.set(values, row * stride);
        }
        const padded = new Int32Array(stride);
        padded.set(query);
        const rows = Uint32Array.from(picks, (pick) => pick % codes.length);
        const out = new Int32Array(rows.length + 1).fill(99);
        scalarKernel.dotBlock({ query: padded, block, stride, rows, count: rows.length, out });
        const expected = Array.from(rows, (row) =>
          query.reduce((sum, value, d) => sum + value * (codes[row]?.[d] ?? 0), 0),
        );
        expect([...out]).toEqual([...expected, 99]);
      }),
    );
  });

  it.for([1, 384, 516, 517, 1536])("does not overflow at the extremes of %i dimensions", (dimensions, { expect }) => {
    const extreme = new Float32Array(dimensions).fill(-1);
    const { codes: query } = quantizeQuery(extreme);
    const { codes } = quantizeRow(extreme);
    const stride = strideOf(dimensions);
    const block = scalarKernel.allocateBlock(1, stride);
    block.set(codes);
    const padded = new Int32Array(stride);
    padded.set(query);
    const out = new Int32Array(1);
    scalarKernel.dotBlock({ query: padded, block, stride, rows: Uint32Array.of(0), count: 1, out });
    expect(out[0]).toBe(dimensions * 127 * -(query[0] ?? 0));
  });
});

describe("quantizeRow and quantizeQuery", () => {
  const values = fc
    .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 })
    .map((numbers) => Float32Array.from(numbers));

  it.for([
    { name: "rows", quantize: quantizeRow, levels: 127 },
    { name: "queries", quantize: quantizeQuery, levels: 32_767 },
  ])("$name: the residual is what is lost, at most half a step a dimension", ({ quantize, levels }, { expect }) => {
    fc.assert(
      fc.property(values, (vector) => {
        const { codes, scale, residual, norm: length } = quantize(vector);
        const lost = Math.hypot(...Array.from(vector, (value, i) => value - scale * (codes[i] ?? 0)));
        expect(length).toBe(norm(vector));
        expect(Math.max(...codes.map(Math.abs))).toBe(length === 0 ? 0 : levels);
        expect(residual).toBeLessThanOrEqual((scale / 2) * Math.sqrt(vector.length) * (1 + 1e-6));
        expect(Math.abs(residual - lost)).toBeLessThanOrEqual(1e-6 * (length + residual));
      }),
    );
  });
});
