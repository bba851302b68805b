import { AppError } from "../../src/shared/errors.ts";
import { teacherScore } from "./loss-batch.ts";
import type { LossBatch, OwnPassages } from "./loss-batch.ts";

export interface ScoredPassage {
  readonly passage: number;
  readonly score: number;
}

/**
 * The own passages of a query that the teacher has scored, in the order of the batch.
 * @throws AppError `invalid_artifact` naming the query when there are none.
 */
export function scoredPassages(batch: LossBatch, query: OwnPassages): readonly ScoredPassage[] {
  const own = [...query.positives, ...query.hardNegatives].toSorted((a, b) => a - b);
  const scored = own.flatMap((passage) => {
    const score = teacherScore(batch, passage);
    return score === undefined ? [] : [{ passage, score }];
  });
  if (scored.length === 0) {
    throw new AppError(
      "invalid_artifact",
      `no passage of query "${query.queryId}" has a teacher score; score it or drop it`,
    );
  }
  return scored;
}

/**
 * softmax(scores / temperature), in double precision.
 * @throws RangeError when the temperature is not positive.
 */
export function teacherProbabilities(scored: readonly ScoredPassage[], temperature: number): readonly number[] {
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`the teacher's temperature must be positive, got ${temperature}`);
  }
  const largest = Math.max(...scored.map(({ score }) => score));
  const powers = scored.map(({ score }) => Math.exp((score - largest) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
