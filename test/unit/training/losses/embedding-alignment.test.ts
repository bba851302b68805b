import { test } from "vitest";
import { embeddingAlignment } from "../../../../training/losses/embedding-alignment.ts";
import { evaluateLoss } from "../../../support/loss-cases.ts";
import type { LossCase } from "../../../support/loss-cases.ts";

const CASE: LossCase = {
  batch: { queryIds: ["a", "b", "c"], passageQuery: [0, 1, 2], isPositive: [true, true, true] },
  queries: [
    [3, 4],
    [1, 1],
    [0, 0],
  ],
  passages: [
    [6, 8],
    [0, 2],
    [0, 1],
  ],
};

test("cosine: equal directions cost 0, zeros cost 1", async ({ expect }) => {
  expect(await evaluateLoss(embeddingAlignment(), CASE)).toBeCloseTo((0 + (1 - Math.SQRT1_2) + 1) / 3, 10);
});

test("squared: the distance, summed over dims", async ({ expect }) => {
  expect(await evaluateLoss(embeddingAlignment({ distance: "squared" }), CASE)).toBeCloseTo((25 + 2 + 1) / 3, 10);
});

test("needs a target for each query, in order", ({ expect }) => {
  const loss = embeddingAlignment();
  expect(loss.feeds(CASE.batch).size).toBe(0);
  expect(() => loss.feeds({ ...CASE.batch, passageQuery: [0, 2, 1] })).toThrow("one target a query, in the same order");
  expect(() => loss.feeds({ ...CASE.batch, queryIds: ["a", "b"] })).toThrow("got 3 for 2");
});
