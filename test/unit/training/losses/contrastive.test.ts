import * as fc from "fast-check";
import { describe, test } from "vitest";
import { contrastive } from "../../../../training/losses/contrastive.ts";
import type { LossBatch } from "../../../../training/losses/loss-batch.ts";
import { sumMargLh } from "../../../../training/losses/sum-marg-lh.ts";
import { CASE_DIMS, caseOfScores, evaluateLoss, lossCases, lossEvaluator } from "../../../support/loss-cases.ts";
import type { LossCase } from "../../../support/loss-cases.ts";

/** The case with its passages in another order. */
function reordered({ batch, queries, passages }: LossCase, order: readonly number[]): LossCase {
  const pick = <T>(values: ArrayLike<T>): T[] => order.flatMap((index) => Array.from(values).slice(index, index + 1));
  return {
    queries,
    passages: pick(passages),
    batch: { ...batch, passageQuery: pick(batch.passageQuery), isPositive: pick(batch.isPositive) },
  };
}

describe("contrastive", () => {
  test("does not depend on the order of passages", async ({ expect }) => {
    const cases = lossCases().chain((found) => {
      const positions = found.passages.map((_, index) => index);
      return fc.tuple(fc.constant(found), fc.shuffledSubarray(positions, { minLength: positions.length }));
    });
    const evaluate = await lossEvaluator(contrastive(), CASE_DIMS);
    await fc.assert(
      fc.asyncProperty(cases, async ([found, order]) => {
        expect(await evaluate(reordered(found, order))).toBeCloseTo(await evaluate(found), 10);
      }),
      { numRuns: 15 },
    );
  });

  test("a query's other positives do not matter: the mean of what each costs alone", async ({ expect }) => {
    const batch = {
      queryIds: ["q"],
      passageQuery: [0, 0, 0, 0],
      isPositive: [true, true, false, false],
    };
    const both = caseOfScores(batch, [[0.3, 5, 1, -2]]);
    const first = await evaluateLoss(contrastive(), reordered(both, [0, 2, 3]));
    const second = await evaluateLoss(contrastive(), reordered(both, [1, 2, 3]));
    expect(await evaluateLoss(contrastive(), both)).toBeCloseTo((first + second) / 2, 12);
  });

  test("with one positive a query it is sum-marg-lh", async ({ expect }) => {
    const evaluate = await lossEvaluator(contrastive(), CASE_DIMS);
    const marginal = await lossEvaluator(sumMargLh(), CASE_DIMS);
    await fc.assert(
      fc.asyncProperty(lossCases(), async ({ batch, ...embeddings }) => {
        const isFirst = batch.isPositive.map(
          (isPositive, p) =>
            isPositive &&
            !batch.isPositive.slice(0, p).some((other, q) => other && batch.passageQuery[q] === batch.passageQuery[p]),
        );
        const found = { ...embeddings, batch: { ...batch, isPositive: isFirst } };
        expect(await evaluate(found)).toBeCloseTo(await marginal(found), 10);
      }),
      { numRuns: 15 },
    );
  });

  const twoQueries: LossBatch = {
    queryIds: ["a", "b"],
    passageQuery: [0, 1],
    isPositive: [true, true],
  };

  test("without hard negatives the other queries' positives are the negatives", async ({ expect }) => {
    const found = caseOfScores(twoQueries, [
      [Math.log(3), 0],
      [0, 0],
    ]);
    expect(await evaluateLoss(contrastive(), found)).toBeCloseTo((Math.log(4 / 3) + Math.log(2)) / 2, 6);
  });

  test("a query whose negatives are all masked costs nothing and counts in the mean", async ({ expect }) => {
    const batch = { ...twoQueries, falseNegatives: Uint8Array.of(0, 1, 0, 0) };
    const found = caseOfScores(batch, [
      [0, 9],
      [0, 0],
    ]);
    expect(await evaluateLoss(contrastive(), found)).toBeCloseTo(Math.log(2) / 2, 6);
    expect(await evaluateLoss(sumMargLh(), found)).toBeCloseTo(Math.log(2) / 2, 6);
  });

  test("a mask never hides an own hard negative", async ({ expect }) => {
    const batch = {
      queryIds: ["a"],
      passageQuery: [0, 0],
      isPositive: [true, false],
      falseNegatives: Uint8Array.of(1, 1),
    };
    expect(await evaluateLoss(contrastive(), caseOfScores(batch, [[0, 0]]))).toBeCloseTo(Math.log(2), 6);
  });

  test("strict3 takes queries with three positives and names one that has not", ({ expect }) => {
    const of = (positives: number) => ({
      queryIds: ["x"],
      passageQuery: [0, 0, 0, 0, 0],
      isPositive: [0, 1, 2, 3, 4].map((index) => index < positives),
    });
    const strict = contrastive({ strict3: true });
    expect(strict.feeds(of(3)).get("loss/pair_query")?.data).toEqual(BigInt64Array.of(0n, 0n, 0n));
    expect(() => strict.feeds(of(2))).toThrow('query "x" has 2 positives, expected 3; drop it');
  });

  const broken: [string, Partial<LossBatch>][] = [
    ['query "b" has no positives; leave it out', { isPositive: [true, false] }],
    ["batch has 1 marks of positives for 2 passages", { isPositive: [true] }],
    ["batch has passage 1 of query 2, but 2 queries", { passageQuery: [0, 2] }],
    ["batch has a mask of 3 elements for 2 queries and 2 passages", { falseNegatives: new Uint8Array(3) }],
    ['no query of the batch has a negative ("a", "b")', { falseNegatives: new Uint8Array(4).fill(1) }],
  ];
  test.for(broken)("refuses a batch: %s", ([message, change], { expect }) => {
    expect(() => contrastive().feeds({ ...twoQueries, ...change })).toThrow(message);
  });
});
