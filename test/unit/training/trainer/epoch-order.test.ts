import { assert, integer, property } from "fast-check";
import { test } from "vitest";
import { batchesOfEpoch, epochOrder } from "../../../../training/trainer/epoch-order.ts";

const LENGTHS = Array.from({ length: 103 }, (_, index) => (index * 37) % 101);

test("an epoch has every item once, but for those that fill no batch", ({ expect }) => {
  const batches = epochOrder({ seed: 1, epoch: 0, batchSize: 10, lengths: LENGTHS, bucketBatches: 4 });
  expect(batches).toHaveLength(10);
  expect(batches.every((batch) => batch.length === 10)).toBe(true);
  expect(new Set(batches.flat()).size).toBe(100);
});

test("the same seed and epoch give the same order, others another", ({ expect }) => {
  const order = (seed: number, epoch: number): number[][] =>
    epochOrder({ seed, epoch, batchSize: 10, lengths: LENGTHS, bucketBatches: 4 });
  expect(order(1, 2)).toEqual(order(1, 2));
  expect(order(1, 2)).not.toEqual(order(1, 3));
  expect(order(1, 2)).not.toEqual(order(2, 2));
});

test("bucketing puts like lengths together", ({ expect }) => {
  const spread = (bucketBatches: number): number => {
    const batches = epochOrder({ seed: 1, epoch: 0, batchSize: 10, lengths: LENGTHS, bucketBatches });
    const padded = batches.map((batch) => Math.max(...batch.map((item) => LENGTHS[item] ?? 0)) * batch.length);
    return padded.reduce((sum, tokens) => sum + tokens, 0);
  };
  expect(spread(10)).toBeLessThan(0.65 * spread(1));
});

test("fewer items than a batch are one batch", ({ expect }) => {
  const batches = epochOrder({ seed: 0, epoch: 0, batchSize: 8, lengths: [3, 1, 2], bucketBatches: 50 });
  expect(batches.map((batch) => batch.toSorted((a, b) => a - b))).toEqual([[0, 1, 2]]);
});

test("there are as many batches as the plan says", ({ expect }) => {
  assert(
    property(
      integer({ min: 1, max: 60 }),
      integer({ min: 1, max: 20 }),
      integer({ min: 1, max: 5 }),
      (count, batchSize, bucketBatches) => {
        const lengths = Array.from({ length: count }, (_, index) => index);
        const batches = epochOrder({ seed: 3, epoch: 1, batchSize, lengths, bucketBatches });
        expect(batches).toHaveLength(batchesOfEpoch(count, batchSize));
        expect(batches.every((batch) => batch.length === Math.min(count, batchSize))).toBe(true);
      },
    ),
  );
});
