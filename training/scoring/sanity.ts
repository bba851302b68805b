import type { Qrels } from "../artifacts/beir.ts";
import type { Run } from "../artifacts/trec.ts";
import { averageRanks, rankCorrelation } from "./rank-correlation.ts";
import type { ScoreTable } from "./score-log.ts";

/** Whether labels of a signal can be believed: what `aar score` prints at its end. */
export interface Sanity {
  readonly signal: string;
  /** Queries with scores. */
  readonly queries: number;
  /** Scores above 0, as a share of all and as the share of queries that have one. */
  readonly positiveShare: number;
  readonly queriesWithPositive: number;
  /** Queries with a human positive among the scored candidates; the three means below are over these. */
  readonly judgedQueries: number;
  /** Mean reciprocal rank of the best human positive, candidates ordered by the signal. */
  readonly signalMrr: number;
  /** The same in the order of the first stage, and of an order by lot. */
  readonly firstStageMrr: number;
  readonly chanceMrr: number;
  /** Mean over shared queries of Spearman's correlation with each other signal of the file. */
  readonly correlations: Readonly<Record<string, { readonly mean: number; readonly queries: number }>>;
}

export interface CheckSanityOptions {
  readonly table: ScoreTable;
  readonly signal: string;
  /** First stage; its order is compared. */
  readonly run: Run;
  /** Human judgments, where there are any. */
  readonly qrels?: Qrels;
}

/** See `Sanity`. Means over no query are NaN. */
export function checkSanity({ table, signal, run, qrels = new Map() }: CheckSanityOptions): Sanity {
  const scores = table.get(signal) ?? new Map<string, ReadonlyMap<string, number>>();
  const all = [...scores.values()].map((ofQuery) => [...ofQuery.values()]);
  const judged = [...scores].flatMap(([queryId, ofQuery]) => {
    const grades = qrels.get(queryId);
    const isPositive = (id: string): boolean => (grades?.get(id) ?? 0) > 0;
    const positives = [...ofQuery.keys()].filter(isPositive).length;
    if (positives === 0) {
      return [];
    }
    const first = (run.get(queryId) ?? []).filter(({ id }) => ofQuery.has(id)).findIndex(({ id }) => isPositive(id));
    return [
      {
        signal: reciprocalRankOfBest(ofQuery, isPositive),
        firstStage: first === -1 ? 0 : 1 / (first + 1),
        chance: chanceReciprocalRank(ofQuery.size, positives),
      },
    ];
  });
  return {
    signal,
    queries: all.length,
    positiveShare: mean(all.flat().map((score) => (score > 0 ? 1 : 0))),
    queriesWithPositive: mean(all.map((ofQuery) => (ofQuery.some((score) => score > 0) ? 1 : 0))),
    judgedQueries: judged.length,
    signalMrr: mean(judged.map((entry) => entry.signal)),
    firstStageMrr: mean(judged.map((entry) => entry.firstStage)),
    chanceMrr: mean(judged.map((entry) => entry.chance)),
    correlations: Object.fromEntries(
      [...table.keys()].filter((other) => other !== signal).map((other) => [other, correlate(table, signal, other)]),
    ),
  };
}

/** Ties share the mean of their ranks, so a signal that says the same of all passages gains nothing by their order. */
function reciprocalRankOfBest(scores: ReadonlyMap<string, number>, isPositive: (id: string) => boolean): number {
  const ranks = averageRanks([...scores.values()].map((score) => -score));
  return 1 / Math.min(...[...scores.keys()].map((id, index) => (isPositive(id) ? (ranks[index] ?? 1) : Infinity)));
}

/**
 * Expected reciprocal rank of the first of `positives` among `candidates` in random order:
 * `sum_k 1/k * C(candidates - k, positives - 1) / C(candidates, positives)`.
 */
export function chanceReciprocalRank(candidates: number, positives: number): number {
  let expected = 0;
  let noneBefore = 1; // probability that ranks 1 … k-1 hold no positive
  for (let rank = 1; rank <= candidates - positives + 1; rank += 1) {
    const hit = positives / (candidates - rank + 1);
    expected += (noneBefore * hit) / rank;
    noneBefore *= 1 - hit;
  }
  return expected;
}

/** Spearman's correlation of two signals within each query that both have scored, averaged. */
function correlate(table: ScoreTable, a: string, b: string): { readonly mean: number; readonly queries: number } {
  const values = [...(table.get(a) ?? [])].flatMap(([queryId, ofA]) => {
    const ofB = table.get(b)?.get(queryId);
    const shared = [...ofA.keys()].filter((id) => ofB?.has(id) === true);
    const ofShared = (scores: ReadonlyMap<string, number> | undefined): number[] =>
      shared.map((id) => scores?.get(id) ?? 0);
    return rankCorrelation(ofShared(ofA), ofShared(ofB)) ?? [];
  });
  return { mean: mean(values), queries: values.length };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
