import { test } from "vitest";
import { sampleBatch } from "../../../../training/trainer/sample-batch.ts";
import type { PreparedExample } from "../../../../training/trainer/training-data.ts";

const EXAMPLES: readonly PreparedExample[] = [
  { queryId: "a", query: "a?", positives: [10, 11], hardNegatives: [20, 21, 22], scores: new Map([[10, 0.5]]) },
  { queryId: "b", query: "b?", positives: [12], hardNegatives: [10], scores: new Map() },
];
const OPTIONS = { epoch: 0, seed: 1, maxPositives: 3, negatives: 2, inBatchNegatives: true };

test("each query brings its positives, then its negatives of this epoch", ({ expect }) => {
  const batch = sampleBatch(EXAMPLES, OPTIONS);
  expect(batch.queryIds).toEqual(["a", "b"]);
  expect(batch.passages).toHaveLength(6);
  expect(batch.passages.slice(0, 2)).toEqual([10, 11]);
  expect(batch.passages.slice(4)).toEqual([12, 10]);
  expect([20, 21, 22]).toEqual(expect.arrayContaining(batch.passages.slice(2, 4)));
  expect(batch.passageQuery).toEqual([0, 0, 0, 0, 1, 1]);
  expect(batch.isPositive).toEqual([true, true, false, false, true, false]);
  expect([...batch.teacherScores]).toEqual([0.5, NaN, NaN, NaN, NaN, NaN]);
});

test("a passage known to answer a query is no negative of it, whoever brought it", ({ expect }) => {
  const { falseNegatives, maskedShare } = sampleBatch(EXAMPLES, OPTIONS);
  // b's hard negative 10 is a positive of a. Query a meets 2 passages of b, b meets 4 of a.
  expect([...falseNegatives]).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  expect(maskedShare).toBeCloseTo(1 / 6, 12);
});

test("without in-batch negatives every passage of another query is masked", ({ expect }) => {
  const { falseNegatives, maskedShare } = sampleBatch(EXAMPLES, { ...OPTIONS, inBatchNegatives: false });
  expect([...falseNegatives]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0]);
  expect(maskedShare).toBe(1);
});

test("with one positive a query, epochs take turns over its positives", ({ expect }) => {
  const first = (epoch: number): number | undefined =>
    sampleBatch(EXAMPLES, { ...OPTIONS, epoch, maxPositives: 1 }).passages[0];
  expect(new Set([first(0), first(1)])).toEqual(new Set([10, 11]));
  expect(first(2)).toBe(first(0));
});
