import { test } from "vitest";
import { contrastive } from "../../../../training/losses/contrastive.ts";
import { matryoshka } from "../../../../training/losses/matryoshka.ts";
import { evaluateLoss } from "../../../support/loss-cases.ts";
import type { LossCase } from "../../../support/loss-cases.ts";

const wave = (rows: number, seed: number) =>
  Array.from({ length: rows }, (_, row) => [0, 1, 2, 3].map((column) => Math.sin(seed + 3 * row + 1.7 * column)));
const CASE: LossCase = {
  batch: {
    queryIds: ["a", "b"],
    passageQuery: [0, 0, 1, 1],
    isPositive: [true, false, true, true],
  },
  queries: wave(2, 1),
  passages: wave(4, 2),
};
const cut = (dim: number): LossCase => ({
  ...CASE,
  queries: CASE.queries.map((row) => row.slice(0, dim)),
  passages: CASE.passages.map((row) => row.slice(0, dim)),
});

test("is the weighted sum of the losses of cut embeddings", async ({ expect }) => {
  const inner = contrastive({ similarity: "cosine", temperature: 0.1 });
  const parts = await Promise.all([4, 2, 1].map((dim) => evaluateLoss(inner, cut(dim))));
  const [whole = NaN, half = NaN, first = NaN] = parts;
  const loss = matryoshka(inner, { dims: [4, 2, 1], weights: [1, 0.5, 2] });
  expect(await evaluateLoss(loss, CASE)).toBeCloseTo(whole + 0.5 * half + 2 * first, 10);
  expect(await evaluateLoss(matryoshka(inner, { dims: [4] }), CASE)).toBeCloseTo(whole, 12);
  expect(loss.name).toBe("matryoshka(contrastive)");
});

test.for([[[]], [[4, 4]], [[0]], [[2.5]]])("refuses dims %j", ([dims = []], { expect }) => {
  expect(() => matryoshka(contrastive(), { dims })).toThrow("different whole numbers from 1 on");
});

test("refuses weights of another number", ({ expect }) => {
  expect(() => matryoshka(contrastive(), { dims: [4, 2], weights: [1] })).toThrow("1 weights for 2 dims");
});
