import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { readJsonl } from "../artifacts/jsonl.ts";
import type { QueryScores } from "./evaluate-run.ts";
import { pairedTTest } from "./paired-t-test.ts";

const lineSchema = z.strictObject({ queryId: z.string(), scores: z.record(z.string(), z.number()) });

/** Reads what `aar evaluate --per-query` wrote. */
export async function readPerQueryScores(file: string): Promise<ReadonlyMap<string, QueryScores>> {
  const scores = new Map<string, QueryScores>();
  for await (const { value } of readJsonl(file, lineSchema)) {
    scores.set(value.queryId, value.scores);
  }
  return scores;
}

export interface ScoreComparison {
  readonly measure: string;
  /** Ours minus theirs. */
  readonly meanDifference: number;
  /** Two-sided, of a paired t-test. */
  readonly pValue: number;
  readonly n: number;
}

/**
 * Compares two runs over the same queries, measure by measure; a measure that either lacks is left out.
 * @throws AppError `invalid_artifact` when they were made for different queries.
 */
export function compareScores(
  ours: ReadonlyMap<string, QueryScores>,
  theirs: ReadonlyMap<string, QueryScores>,
): ScoreComparison[] {
  const stray = [...ours.keys()].find((queryId) => !theirs.has(queryId));
  if (stray !== undefined || ours.size !== theirs.size) {
    throw new AppError(
      "invalid_artifact",
      `the runs are of different queries (${ours.size} and ${theirs.size}${stray === undefined ? "" : `; "${stray}" is in one only`})`,
    );
  }
  const measures = new Set([...ours.values()].flatMap((scores) => Object.keys(scores)));
  return [...measures].flatMap((measure) => {
    const pairs = [...ours].flatMap(([queryId, scores]) => {
      const a = scores[measure];
      const b = theirs.get(queryId)?.[measure];
      return a === undefined || b === undefined ? [] : [{ a, b }];
    });
    if (pairs.length < 2) {
      return [];
    }
    const { meanDifference, pValue, n } = pairedTTest(
      pairs.map(({ a }) => a),
      pairs.map(({ b }) => b),
    );
    return [{ measure, meanDifference, pValue, n }];
  });
}
