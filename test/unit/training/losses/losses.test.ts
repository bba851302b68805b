import * as fc from "fast-check";
import { describe, test } from "vitest";
import type { Loss } from "../../../../training/losses/loss.ts";
import { LOSSES } from "../../../../training/losses/registry.ts";
import type { LossName, LossOptions } from "../../../../training/losses/registry.ts";
import { CASE_DIMS, caseOfScores, evaluateLoss, lossCases, lossEvaluator } from "../../../support/loss-cases.ts";
import {
  referenceContrastive,
  referenceGraded,
  referenceKl,
  referenceMarginMse,
  referenceSumMargLh,
} from "../../../support/reference-losses.ts";
import type { ReferenceLoss } from "../../../support/reference-losses.ts";

const { log } = Math;

/** Query 0 has positives 0 and 1 and a hard negative 2; query 1 has a positive 3 and a hard negative 4. */
const BATCH = {
  queryIds: ["q0", "q1"],
  passageQuery: [0, 0, 0, 1, 1],
  isPositive: [true, true, false, true, false],
  teacherScores: [log(4), log(2), log(2), 7, NaN],
};
/** e^score. */
const POWERS = [
  [2, 4, 1, 3, 1],
  [1, 2, 5, 6, 3],
];
const BY_HAND = caseOfScores(
  BATCH,
  POWERS.map((row) => row.map(log)),
);

describe("losses, by hand", () => {
  const cases: [string, Loss, number][] = [
    // Negatives of query 0: 1 + 3 + 1 = 5; of query 1: 3 + 1 + 2 + 5 = 11.
    ["contrastive", LOSSES.contrastive(), (log(7 / 2) + log(9 / 4) + log(17 / 6)) / 3],
    ["sum-marg-lh", LOSSES["sum-marg-lh"](), (log(11 / 6) + log(17 / 6)) / 2],
    // Teacher 1/2, 1/4, 1/4 against 2/7, 4/7, 1/7; query 1 has one scored passage.
    ["kl-distillation", LOSSES["kl-distillation"](), (log(7 / 4) / 2 + log(7 / 16) / 4 + log(7 / 4) / 4) / 2],
    [
      "kl-distillation, teacher at temperature 1/2",
      LOSSES["kl-distillation"]({ teacherTemperature: 0.5 }),
      ((4 / 6) * log(14 / 6) + log(7 / 24) / 6 + log(7 / 6) / 6) / 2,
    ],
    // Passage 0 over 1, 2 and the others (4 + 1 + 4 = 9); 1 and 2 tie, so each only over the others; 3 over its unscored 4.
    [
      "graded-distillation",
      LOSSES["graded-distillation"](),
      (log(11 / 2) / 2 + log(8 / 4) / 4 + log(5 / 1) / 4 + log(17 / 6)) / 2,
    ],
    ["margin-mse", LOSSES["margin-mse"](), ((log(2) - log(2)) ** 2 + (log(4) - log(1)) ** 2 + (log(2) - 0.5) ** 2) / 3],
  ];
  test.for(cases)("%s", async ([name, loss, expected], { expect }) => {
    const teacherScores = name === "margin-mse" ? [log(4), log(2), log(2), 7, 6.5] : BATCH.teacherScores;
    const found = await evaluateLoss(loss, { ...BY_HAND, batch: { ...BATCH, teacherScores } });
    expect(found).toBeCloseTo(expected, 6);
  });
});

describe("losses, against their definitions", () => {
  const references: [LossName, ReferenceLoss][] = [
    ["contrastive", referenceContrastive],
    ["sum-marg-lh", referenceSumMargLh],
    ["kl-distillation", referenceKl],
    ["graded-distillation", referenceGraded],
    ["margin-mse", referenceMarginMse],
  ];
  const scorings: LossOptions[] = [{}, { similarity: "cosine", temperature: 0.1 }];
  test.for(references.flatMap(([name, reference]) => scorings.map((options) => ({ name, reference, options }))))(
    "$name with $options, on any batch",
    async ({ name, reference, options }, { expect }) => {
      const evaluate = await lossEvaluator(LOSSES[name](options), CASE_DIMS);
      await fc.assert(
        fc.asyncProperty(lossCases(), async (found) => {
          const expected = reference(found, options);
          const got = await evaluate(found);
          // Feeds are float: the teacher's scores and counts carry seven digits.
          expect(Math.abs(got - expected)).toBeLessThan(2e-6 * Math.max(1, Math.abs(expected)));
        }),
        { numRuns: 20 },
      );
    },
  );
});

describe("losses, at the ends of float", () => {
  const far = (spread: number) =>
    caseOfScores(BATCH, [
      [-spread, spread, 0, spread, -spread],
      [0, spread, -spread, -spread, 0],
    ]);
  // In units of the spread, other terms vanish: contrastive (2 + log 2/spread + 2) / 3; the marginal ignores the bad positive.
  test("contrastive keeps differences of 400 in float", async ({ expect }) => {
    const found = await evaluateLoss(LOSSES.contrastive(), far(200), "float");
    expect(found).toBeCloseTo((400 + log(2) + 400) / 3, 3);
  });

  test("sum-marg-lh forgives a positive that is 400 behind another", async ({ expect }) => {
    const found = await evaluateLoss(LOSSES["sum-marg-lh"](), far(200), "float");
    expect(found).toBeCloseTo((log(2) + 400) / 2, 3);
  });

  test("a masked score does not enter, however large", async ({ expect }) => {
    const passages = BATCH.passageQuery.length;
    const falseNegatives = new Uint8Array(2 * passages);
    falseNegatives[3] = 1;
    const scores = (masked: number) =>
      POWERS.map((row, query) => row.map((power, p) => (query === 0 && p === 3 ? masked : log(power))));
    const value = (masked: number) =>
      evaluateLoss(LOSSES.contrastive(), caseOfScores({ ...BATCH, falseNegatives }, scores(masked)), "float");
    expect(await value(1e5)).toBe(await value(0));
    expect(await value(0)).toBeCloseTo((log(4 / 2) + log(6 / 4) + log(17 / 6)) / 3, 5);
  });
});

test("cosine does not see lengths, and takes an embedding of zeros as far from all", async ({ expect }) => {
  const loss = LOSSES.contrastive({ similarity: "cosine" });
  const scaled = {
    ...BY_HAND,
    queries: BY_HAND.queries.map((row, index) => row.map((value) => value * (3 + index))),
  };
  expect(await evaluateLoss(loss, scaled)).toBeCloseTo(await evaluateLoss(loss, BY_HAND), 12);
  const zeros = { ...BY_HAND, queries: BY_HAND.queries.map((row) => row.map(() => 0)) };
  expect(await evaluateLoss(loss, zeros, "float")).toBeCloseTo((2 * log(4) + log(5)) / 3, 6);
});

test.for([0, -1, NaN, Infinity])("a temperature of %d is refused", async (temperature, { expect }) => {
  await expect(evaluateLoss(LOSSES.contrastive({ temperature }), BY_HAND)).rejects.toThrow(
    "temperature must be positive",
  );
  await expect(evaluateLoss(LOSSES["kl-distillation"]({ teacherTemperature: temperature }), BY_HAND)).rejects.toThrow(
    "temperature must be positive",
  );
});
