import { AppError } from "../../src/shared/errors.ts";
import { bootstrapInterval } from "./bootstrap-interval.ts";
import type { Interval } from "./bootstrap-interval.ts";
import { holm } from "./holm.ts";
import { pairedPermutationTest } from "./paired-permutation-test.ts";
import type { PerQueryScores } from "./per-query-scores.ts";

/** Two runs of the same queries to be compared. */
export interface ScorePair {
  readonly name: string;
  readonly ours: PerQueryScores;
  readonly theirs: PerQueryScores;
}

export interface PairComparison {
  readonly name: string;
  readonly measure: string;
  /** Ours minus theirs. */
  readonly meanDifference: number;
  /** Bootstrap over queries, 95 %. */
  readonly interval: Interval;
  /** Two-sided, of the paired permutation test. */
  readonly pValue: number;
  /** The same, corrected by Holm over all pairs of this measure. */
  readonly pHolm: number;
  readonly n: number;
  /** Queries where ours is better, and where theirs is. */
  readonly wins: number;
  readonly losses: number;
}

export interface ComparePairsOptions {
  /** Of test and intervals. Default 0. */
  readonly seed?: number;
}

/**
 * Compares pairs of runs over the same queries, measure by measure; a measure that either run lacks is left out of a pair.
 * The p-values of one measure are corrected together over all pairs, those of different measures are not.
 * @throws AppError `invalid_artifact` when the runs of a pair are of different queries.
 */
export function comparePairs(pairs: readonly ScorePair[], { seed = 0 }: ComparePairsOptions = {}): PairComparison[] {
  const tested = pairs.flatMap((pair) => comparePair(pair, seed));
  const measures = new Set(tested.map(({ measure }) => measure));
  return [...measures].flatMap((measure) => {
    const together = tested.filter((comparison) => comparison.measure === measure);
    const corrected = holm(together.map(({ pValue }) => pValue));
    return together.map((comparison, index) => ({ ...comparison, pHolm: corrected[index] ?? 1 }));
  });
}

function comparePair({ name, ours, theirs }: ScorePair, seed: number): Omit<PairComparison, "pHolm">[] {
  const stray = [...ours.keys()].find((queryId) => !theirs.has(queryId));
  if (stray !== undefined || ours.size !== theirs.size) {
    throw new AppError(
      "invalid_artifact",
      `${name}: the runs are of different queries (${ours.size} and ${theirs.size}${stray === undefined ? "" : `; "${stray}" is in one only`})`,
    );
  }
  const measures = new Set([...ours.values()].flatMap((scores) => Object.keys(scores)));
  return [...measures].flatMap((measure) => {
    const a: number[] = [];
    const b: number[] = [];
    for (const [queryId, scores] of ours) {
      const [own, other] = [scores[measure], theirs.get(queryId)?.[measure]];
      if (own !== undefined && other !== undefined) {
        a.push(own);
        b.push(other);
      }
    }
    if (a.length === 0) {
      return [];
    }
    const differences = a.map((score, index) => score - (b[index] ?? 0));
    const { meanDifference, pValue, n } = pairedPermutationTest(a, b, { seed });
    const interval = bootstrapInterval(differences, { seed });
    const wins = differences.filter((difference) => difference > 0).length;
    const losses = differences.filter((difference) => difference < 0).length;
    return [{ name, measure, meanDifference, interval, pValue, n, wins, losses }];
  });
}
