import { AppError } from "../../src/shared/errors.ts";

/** Who owns which passage of a batch, and what is known about them. Rows of the embeddings are in the same order. */
export interface LossBatch {
  /** For messages. */
  readonly queryIds: readonly string[];
  /** Index of the query that each passage came with. */
  readonly passageQuery: ArrayLike<number>;
  /** Whether the passage is a positive of that query; else it is a hard negative. */
  readonly isPositive: readonly boolean[];
  /** What the teacher (the source LM) gives each passage for its own query; NaN where it was not asked. */
  readonly teacherScores?: ArrayLike<number>;
  /** (queries, passages) row-major, 1 for passages that must not count as negatives: see `false-negatives.ts`. */
  readonly falseNegatives?: Uint8Array;
}

/** The passages of one query by index, each list ascending. */
export interface OwnPassages {
  readonly queryId: string;
  readonly positives: readonly number[];
  readonly hardNegatives: readonly number[];
}

/**
 * Sorts the passages by query.
 * @throws AppError `invalid_artifact` naming a query without positives, or saying which sizes of the batch disagree.
 */
export function ownPassages({ queryIds, passageQuery, isPositive, falseNegatives }: LossBatch): readonly OwnPassages[] {
  const queries = queryIds.map((queryId) => ({
    queryId,
    positives: [] as number[],
    hardNegatives: [] as number[],
  }));
  const passages = passageQuery.length;
  check(isPositive.length === passages, `${isPositive.length} marks of positives for ${passages} passages`);
  check(
    falseNegatives === undefined || falseNegatives.length === queryIds.length * passages,
    `a mask of ${falseNegatives?.length} elements for ${queryIds.length} queries and ${passages} passages`,
  );
  for (const [passage, query] of Array.from(passageQuery).entries()) {
    const owner = queries[query];
    if (owner === undefined) {
      throw new AppError(
        "invalid_artifact",
        `batch has passage ${passage} of query ${query}, but ${queryIds.length} queries`,
      );
    }
    (isPositive[passage] === true ? owner.positives : owner.hardNegatives).push(passage);
  }
  const bare = queries.find(({ positives }) => positives.length === 0);
  if (bare !== undefined) {
    throw new AppError(
      "invalid_artifact",
      `query "${bare.queryId}" has no positives; leave it out of the training file`,
    );
  }
  return queries;
}

/**
 * The teacher's score of a passage for its own query.
 * @throws AppError `invalid_artifact` when the batch has a wrong number of them or an infinite one.
 */
export function teacherScore(
  { teacherScores, passageQuery, queryIds }: LossBatch,
  passage: number,
): number | undefined {
  check(
    teacherScores?.length === passageQuery.length,
    `${teacherScores?.length ?? "no"} teacher scores for ${passageQuery.length} passages`,
  );
  const score = teacherScores?.[passage] ?? NaN;
  const queryId = queryIds[passageQuery[passage] ?? -1] ?? "";
  check(Math.abs(score) !== Infinity, `an infinite teacher score for query "${queryId}"`);
  return Number.isNaN(score) ? undefined : score;
}

function check(condition: boolean, problem: string): void {
  if (!condition) {
    throw new AppError("invalid_artifact", `batch has ${problem}`);
  }
}
