import * as fc from "fast-check";
import { describe, test } from "vitest";
import { microBatches } from "../../../../training/trainer/micro-batches.ts";

const texts = fc.array(fc.array(fc.nat(99), { minLength: 1, maxLength: 12 }), { maxLength: 12 });

describe("microBatches", () => {
  test("has every text once, in parts within the budget with their padding", ({ expect }) => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 40 }), (found, budget) => {
        const parts = microBatches(found, budget);
        expect(parts.flat().toSorted((a, b) => a - b)).toEqual([...found.keys()]);
        for (const part of parts) {
          const longest = Math.max(...part.map((index) => found[index]?.length ?? NaN));
          expect(part.length === 1 || part.length * longest <= budget).toBe(true);
        }
      }),
    );
  });

  test("starts with the largest", ({ expect }) => {
    expect(microBatches([[1], [1, 2, 3], [1, 2], [1]], 4)).toEqual([[1], [2, 0], [3]]);
  });
});
