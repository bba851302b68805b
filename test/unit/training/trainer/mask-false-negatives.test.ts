import { test } from "vitest";
import { maskFalseNegatives } from "../../../../training/trainer/mask-false-negatives.ts";
import { sampleBatch } from "../../../../training/trainer/sample-batch.ts";
import type { VectorRows } from "../../../../training/trainer/vector-rows.ts";

/** Question i is about passage i; the last one is answered by passage 0 too. */
const EXAMPLES = [[0], [1], [2, 0]].map((positives, row) => ({
  queryId: `q${row}`,
  query: "",
  positives,
  hardNegatives: [],
  scores: new Map(),
}));
const SAMPLING = { epoch: 0, seed: 0, maxPositives: 3, negatives: 0, inBatchNegatives: true };

/** Vectors of unit length by their angle in degrees. */
function onCircle(degrees: readonly number[]): VectorRows {
  const points = degrees.flatMap((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]);
  return { matrix: Float32Array.from(points), dims: 2 };
}

/** Query 0 is 10° from its own passage and 5° from passage 1; query 1 is 1° from its own and 4° from passage 0. */
const GUIDE = { queries: onCircle([0, 6, 90]), passages: onCircle([10, 5, 91]), margin: 0 };

test("what the base finds nearer than the own positive is masked beside what is known", ({ expect }) => {
  const batch = sampleBatch(EXAMPLES, SAMPLING);
  expect(batch.passages).toEqual([0, 1, 2, 0]);
  expect([...batch.falseNegatives]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]);
  const masked = maskFalseNegatives(batch, [0, 1, 2], GUIDE);
  expect([...masked.falseNegatives]).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0]);
  expect(masked.maskedShare).toBeCloseTo(3 / 8, 12);
});

test.for([
  [0.002, 0],
  [0.003, 1],
])("with a margin of %d a passage 0.0023 below the own positive: %d", ([margin = 0, bit], { expect }) => {
  const batch = sampleBatch(EXAMPLES, SAMPLING);
  expect(maskFalseNegatives(batch, [0, 1, 2], { ...GUIDE, margin }).falseNegatives[4]).toBe(bit);
});

test("items say which queries of the guide a batch has", ({ expect }) => {
  const items = [1, 0];
  const batch = sampleBatch(
    items.flatMap((item) => EXAMPLES[item] ?? []),
    SAMPLING,
  );
  const masked = maskFalseNegatives(batch, items, GUIDE);
  expect([...masked.falseNegatives]).toEqual([0, 0, 1, 0]); // query 0, second here, and passage 1, first
  expect(masked.maskedShare).toBe(0.5);
});

test("without a guide the batch stays as it was", ({ expect }) => {
  const batch = sampleBatch(EXAMPLES, SAMPLING);
  expect(maskFalseNegatives(batch, [0, 1, 2], undefined)).toBe(batch);
});
