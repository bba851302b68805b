import * as fc from "fast-check";
import { describe, it } from "vitest";
import { exactSearch } from "../../../../training/eval/exact-search.ts";
import { ProductSearch } from "../../../../training/eval/product-search.ts";
import { seededUnitVectors } from "../../../support/seeded-unit-vectors.ts";

const SIMILARITIES = ["cosine", "dot-product", "euclidean"] as const;
const DIMS = 3;
// Small integers: equal scores are common, so that the slack is full of ties.
const vector = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: DIMS, maxLength: DIMS });

function joined(vectors: readonly Float32Array[]): Float32Array {
  return Float32Array.from(vectors.flatMap((values) => [...values]));
}

describe("ProductSearch", () => {
  it.for(SIMILARITIES)("%s: what exactSearch finds, ties included", async (similarity, { expect }) => {
    const cases = fc.record({
      rows: fc.array(vector, { minLength: 1, maxLength: 200 }),
      queries: fc.array(vector, { minLength: 1, maxLength: 3 }),
      depth: fc.integer({ min: 1, max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ rows, queries, depth }) => {
        const options = { matrix: Float32Array.from(rows.flat()), dims: DIMS, similarity };
        const vectors = queries.map((query) => Float32Array.from(query));
        const index = await ProductSearch.open({ ...options, threads: 1 });
        const found = await index.search(vectors, depth);
        await index.close();
        expect(found).toEqual(exactSearch({ ...options, queries: vectors, depth }));
      }),
      { numRuns: 40 },
    );
  });

  it.for(SIMILARITIES)(
    "%s: over several blocks of rows of any length, to the last bit",
    async (similarity, { expect }) => {
      const rows = seededUnitVectors({ count: 9000, dimensions: 24, seed: 3 }).map((row, index) =>
        row.map((value) => value * (1 + (index % 7))),
      );
      const queries = seededUnitVectors({ count: 5, dimensions: 24, seed: 4 });
      const options = { matrix: joined(rows), dims: 24, similarity };
      const index = await ProductSearch.open({ ...options, threads: 1 });
      const found = await index.search(queries, 50);
      await index.close();
      expect(found).toEqual(exactSearch({ ...options, queries, depth: 50 }));
    },
  );

  it("finds nothing for no queries, and all rows when fewer than the depth", async ({ expect }) => {
    const index = await ProductSearch.open({ matrix: Float32Array.of(1, 0, 0, 1), dims: 2, similarity: "cosine" });
    await expect(index.search([], 5)).resolves.toEqual([]);
    await expect(index.search([Float32Array.of(0, 2)], 5)).resolves.toEqual([
      [
        { index: 1, score: 1 },
        { index: 0, score: 0 },
      ],
    ]);
    await index.close();
  });

  it("refuses a query of other dimensions and a ragged matrix", async ({ expect }) => {
    const options = { matrix: new Float32Array(6), dims: 3, similarity: "cosine" } as const;
    const index = await ProductSearch.open(options);
    await expect(index.search([new Float32Array(2)], 1)).rejects.toThrow(/a query has 2 dimensions, the rows 3/u);
    await index.close();
    await expect(ProductSearch.open({ ...options, dims: 4 })).rejects.toThrow(/not rows of 4/u);
  });
});
