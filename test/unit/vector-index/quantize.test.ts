import * as fc from "fast-check";
import { describe, it } from "vitest";
import { quantizeQuery, quantizeQueryCoarsely, quantizeRow } from "../../../src/vector-index/quantize.ts";
import { norm } from "../../../src/vector-index/similarity.ts";

describe("quantising rows and queries", () => {
  const values = fc
    .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 20 })
    .map((numbers) => Float32Array.from(numbers));

  it.for([
    { name: "rows", quantize: quantizeRow, levels: 127 },
    { name: "queries", quantize: quantizeQuery, levels: 32_767 },
    { name: "queries in seven bits", quantize: quantizeQueryCoarsely, levels: 63 },
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
