import { describe, test } from "vitest";
import type { LossBatch } from "../../../../training/losses/loss-batch.ts";
import { LOSSES } from "../../../../training/losses/registry.ts";
import type { LossName } from "../../../../training/losses/registry.ts";
import { caseOfScores, evaluateLoss } from "../../../support/loss-cases.ts";

const BATCH: LossBatch = {
  queryIds: ["q"],
  passageQuery: [0, 0, 0],
  isPositive: [true, false, false],
  teacherScores: [2, 1, 0],
};

describe("losses that learn from a teacher", () => {
  test("kl-distillation is 0 where the student spaces its scores like the teacher", async ({ expect }) => {
    expect(await evaluateLoss(LOSSES["kl-distillation"](), caseOfScores(BATCH, [[7, 6, 5]]))).toBeCloseTo(0, 6);
  });

  test("kl-distillation takes a teacher that is certain", async ({ expect }) => {
    const batch = { ...BATCH, teacherScores: [1e4, 0, -1e4] };
    const found = caseOfScores(batch, [[0, 0, 0]]);
    expect(await evaluateLoss(LOSSES["kl-distillation"](), found, "float")).toBeCloseTo(Math.log(3), 6);
  });

  test("margin-mse is 0 where margins agree, wherever the zero is", async ({ expect }) => {
    expect(await evaluateLoss(LOSSES["margin-mse"](), caseOfScores(BATCH, [[-3, -4, -5]]))).toBeCloseTo(0, 6);
  });

  test("graded-distillation with one scored positive is contrastive", async ({ expect }) => {
    const found = caseOfScores({ ...BATCH, teacherScores: [5, NaN, NaN] }, [[0.4, 1, -1]]);
    const graded = await evaluateLoss(LOSSES["graded-distillation"](), found);
    expect(graded).toBeCloseTo(await evaluateLoss(LOSSES.contrastive(), found), 10);
  });

  const broken: [LossName, Partial<LossBatch>, string][] = [
    ["kl-distillation", { teacherScores: [NaN, NaN, NaN] }, 'no passage of query "q" has a teacher score'],
    ["kl-distillation", { teacherScores: [1] }, "batch has 1 teacher scores for 3 passages"],
    ["kl-distillation", { teacherScores: [1, Infinity, 0] }, 'an infinite teacher score for query "q"'],
    ["graded-distillation", { teacherScores: [NaN, 1, 2] }, 'a positive of query "q" has no teacher score'],
    ["graded-distillation", { teacherScores: [1, 1, 1] }, "the teacher prefers no passage to another"],
    ["margin-mse", { teacherScores: [1, NaN, NaN] }, 'query "q" lacks a positive and a hard negative'],
  ];
  test.for(broken)("%s refuses %j", ([name, change, message], { expect }) => {
    expect(() => LOSSES[name]().feeds({ ...BATCH, ...change })).toThrow(message);
  });

  test("they say so when the batch has no teacher scores", ({ expect }) => {
    const { teacherScores: _, ...batch } = BATCH;
    expect(() => LOSSES["margin-mse"]().feeds(batch)).toThrow("batch has no teacher scores for 3 passages");
  });
});
