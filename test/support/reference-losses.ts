import type { ScoreOptions } from "../../training/losses/score-matrix.ts";
import type { LossCase } from "./loss-cases.ts";

/*
 * The definitions of the losses, read off the papers in plain double arithmetic: no tricks for stability, no shared code. What
 * the graphs are measured by, for scores that are not extreme.
 */

export type ReferenceLoss = (found: LossCase, options?: ScoreOptions) => number;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const dot = (a: readonly number[], b: readonly number[]): number =>
  sum(a.map((value, index) => value * (b[index] ?? NaN)));
const length = (row: readonly number[]): number => Math.sqrt(dot(row, row));

function score(a: readonly number[], b: readonly number[], { similarity, temperature = 1 }: ScoreOptions = {}): number {
  return (similarity === "cosine" ? dot(a, b) / length(a) / length(b) : dot(a, b)) / temperature;
}

interface Row {
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
  readonly own: readonly { readonly s: number; readonly t: number; readonly isPositive: boolean }[];
  readonly others: readonly number[];
}

/** The scores of each query, sorted into what they are for it. */
function rows({ batch, queries, passages }: LossCase, options: ScoreOptions | undefined): Row[] {
  return queries.map((query, index) => {
    const scored = passages.map((passage, position) => ({
      s: score(query, passage, options),
      t: batch.teacherScores?.[position] ?? NaN,
      isOwn: batch.passageQuery[position] === index,
      isPositive: batch.isPositive[position] === true,
      isMasked: batch.falseNegatives?.[index * passages.length + position] === 1,
    }));
    const own = scored.filter(({ isOwn }) => isOwn);
    const others = scored.filter(({ isOwn, isMasked }) => !isOwn && !isMasked).map(({ s }) => s);
    return {
      own,
      others,
      positives: own.filter(({ isPositive }) => isPositive).map(({ s }) => s),
      negatives: [...own.filter(({ isPositive }) => !isPositive).map(({ s }) => s), ...others],
    };
  });
}

const exps = (scores: readonly number[]): number => sum(scores.map(Math.exp));
const mean = (values: readonly number[]): number => sum(values) / values.length;

export const referenceContrastive: ReferenceLoss = (found, options) =>
  mean(
    rows(found, options).flatMap(({ positives, negatives }) =>
      positives.map((s) => -Math.log(Math.exp(s) / (Math.exp(s) + exps(negatives)))),
    ),
  );

export const referenceSumMargLh: ReferenceLoss = (found, options) =>
  mean(
    rows(found, options).map(
      ({ positives, negatives }) => -Math.log(exps(positives) / (exps(positives) + exps(negatives))),
    ),
  );

export const referenceKl: ReferenceLoss = (found, options) =>
  mean(
    rows(found, options).map(({ own }) => {
      const teacher = own.map(({ t }) => Math.exp(t) / exps(own.map((other) => other.t)));
      const student = own.map(({ s }) => Math.exp(s) / exps(own.map((other) => other.s)));
      return sum(teacher.map((p, index) => p * Math.log(p / (student[index] ?? NaN))));
    }),
  );

export const referenceGraded: ReferenceLoss = (found, options) =>
  mean(
    rows(found, options).map(({ own, others }) =>
      sum(
        own.map(({ s, t }) => {
          const weight = Math.exp(t) / exps(own.map((other) => other.t));
          const lower = [...own.filter((other) => other.t < t).map((other) => other.s), ...others];
          return -weight * Math.log(Math.exp(s) / (Math.exp(s) + exps(lower)));
        }),
      ),
    ),
  );

export const referenceMarginMse: ReferenceLoss = (found, options) =>
  mean(
    rows(found, options).flatMap(({ own }) =>
      own
        .filter(({ isPositive }) => isPositive)
        .flatMap((positive) =>
          own
            .filter(({ isPositive }) => !isPositive)
            .map((negative) => (positive.s - negative.s - (positive.t - negative.t)) ** 2),
        ),
    ),
  );
