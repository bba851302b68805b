import * as fc from "fast-check";
import { describe, it } from "vitest";
import { DENSE_SCALES } from "../../../../src/retrieval/dense-scales.ts";
import type { Collection } from "../../../../src/retrieval/types.ts";
import { exactSearch } from "../../../../training/eval/exact-search.ts";
import { TopK } from "../../../../training/eval/top-k.ts";

const DIMS = 3;
const SIMILARITIES = ["cosine", "dot-product", "euclidean"] as const;
// Small integers: equal scores are common, and sums are exact in any order.
const vector = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: DIMS, maxLength: DIMS });

function bruteForce(rows: readonly number[][], query: readonly number[], similarity: Collection["similarity"]) {
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  const score = (row: readonly number[]): number => {
    if (similarity === "dot-product") {
      return dot(row, query);
    }
    if (similarity === "euclidean") {
      const distance = Math.sqrt(row.reduce((sum, value, i) => sum + (value - (query[i] ?? 0)) ** 2, 0));
      return DENSE_SCALES.euclidean.toScore(distance);
    }
    const norms = Math.sqrt(dot(row, row) * dot(query, query));
    return norms === 0 ? 0 : dot(row, query) / norms;
  };
  return rows
    .map((row, index) => ({ index, score: score(row) }))
    .toSorted((a, b) => b.score - a.score || a.index - b.index);
}

describe("exactSearch", () => {
  it.for(SIMILARITIES)("%s: the same rows as sorting them all, ties to the lower row", (similarity, { expect }) => {
    const cases = fc.record({
      rows: fc.array(vector, { minLength: 1, maxLength: 300 }),
      queries: fc.array(vector, { minLength: 1, maxLength: 3 }),
      depth: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(cases, ({ rows, queries, depth }) => {
        const found = exactSearch({
          matrix: Float32Array.from(rows.flat()),
          dims: DIMS,
          similarity,
          queries: queries.map((query) => Float32Array.from(query)),
          depth,
        });
        const expected = queries.map((query) => bruteForce(rows, query, similarity).slice(0, depth));
        expect(found).toEqual(expected);
      }),
    );
  });

  it("refuses a query of other dimensions", ({ expect }) => {
    const options = { matrix: new Float32Array(6), dims: 3, similarity: "cosine", depth: 1 } as const;
    expect(() => exactSearch({ ...options, queries: [new Float32Array(2)] })).toThrow(/queries have 2 dimensions/u);
  });
});

describe("TopK", () => {
  it("holds the best of any stream in any order, ties to the lower index", ({ expect }) => {
    const stream = fc.uniqueArray(fc.tuple(fc.nat(1000), fc.integer({ min: -2, max: 2 })), {
      selector: ([index]) => index,
    });
    fc.assert(
      fc.property(stream, fc.nat(12), (entries, k) => {
        const top = new TopK(k);
        for (const [index, score] of entries) {
          top.offer(index, score);
        }
        const expected = entries
          .map(([index, score]) => ({ index, score }))
          .toSorted((a, b) => b.score - a.score || a.index - b.index)
          .slice(0, k);
        expect(top.sorted()).toEqual(expected);
        expect(top.threshold).toBe(expected.length < k ? -Infinity : (expected.at(-1)?.score ?? 0));
      }),
    );
  });

  it("never takes a NaN", ({ expect }) => {
    const top = new TopK(1);
    top.offer(0, NaN);
    expect(top.sorted()).toEqual([]);
  });
});
