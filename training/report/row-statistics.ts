import { bootstrapInterval } from "../eval/bootstrap-interval.ts";
import type { Interval } from "../eval/bootstrap-interval.ts";
import { comparePairs } from "../eval/compare-pairs.ts";
import type { PairComparison } from "../eval/compare-pairs.ts";
import type { PerQueryScores } from "../eval/per-query-scores.ts";

/** A row of a table: its mean, and how it compares with the base. */
export interface RowStatistics {
  readonly name: string;
  readonly measure: string;
  readonly mean: number;
  readonly interval: Interval;
  readonly n: number;
  /** Undefined for the base itself. */
  readonly comparison: PairComparison | undefined;
}

export interface RowStatisticsOptions {
  readonly rows: readonly { readonly name: string; readonly scores: PerQueryScores }[];
  readonly base: string;
  readonly measures: readonly string[];
  readonly seed: number;
}

/** Means with intervals, and every row against the base; Holm's correction is over the rows, for each measure. */
export function rowStatistics({ rows, base, measures, seed }: RowStatisticsOptions): RowStatistics[] {
  const baseScores = rows.find(({ name }) => name === base)?.scores;
  const pairs =
    baseScores === undefined
      ? []
      : rows
          .filter(({ name }) => name !== base)
          .map(({ name, scores }) => ({ name, ours: scores, theirs: baseScores }));
  const comparisons = comparePairs(pairs, { seed });
  return measures.flatMap((measure) =>
    rows.flatMap(({ name, scores }) => {
      const values = [...scores.values()].flatMap((of) => of[measure] ?? []);
      if (values.length === 0) {
        return [];
      }
      const comparison = comparisons.find((found) => found.name === name && found.measure === measure);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return [{ name, measure, mean, interval: bootstrapInterval(values, { seed }), n: values.length, comparison }];
    }),
  );
}
