import * as fc from "fast-check";
import { describe, test } from "vitest";
import { microBatches, tokenFeeds } from "../../../../training/trainer/micro-batches.ts";

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

test("tokenFeeds pads on the right and masks the padding", ({ expect }) => {
  const feeds = tokenFeeds([[5, 6, 7], [8]], { tower: "queries", padId: 9 });
  expect(feeds.get("queries/input_ids")).toEqual({
    dataType: "int64",
    dims: [2, 3],
    data: BigInt64Array.of(5n, 6n, 7n, 8n, 9n, 9n),
  });
  expect(feeds.get("queries/attention_mask")?.data).toEqual(BigInt64Array.of(1n, 1n, 1n, 1n, 0n, 0n));
  expect(feeds.get("queries/token_type_ids")?.data).toEqual(new BigInt64Array(6));
});
