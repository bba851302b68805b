import { AppError } from "../../src/shared/errors.ts";
import type { EvaluationSet } from "../artifacts/beir.ts";
import type { Run } from "../artifacts/trec.ts";
import type { Measure } from "./measure.ts";

/** Scores by measure name; a measure that does not apply to the query is absent. */
export type QueryScores = Readonly<Record<string, number>>;

interface MeasureMean {
  readonly measure: string;
  readonly mean: number;
  /** Queries in the mean. */
  readonly n: number;
}

export interface RunEvaluation {
  /** In the order of the measures asked for; one that applies to no query is left out. */
  readonly means: readonly MeasureMean[];
  readonly perQuery: ReadonlyMap<string, QueryScores>;
  /** Judged queries that the run lacks or found nothing for; each counts as 0. */
  readonly emptyQueries: number;
  /** Queries of the split that nobody judged; they are in no mean. */
  readonly unjudgedQueries: number;
}

export interface EvaluateRunOptions {
  readonly run: Run;
  readonly set: EvaluationSet;
  readonly measures: readonly Measure[];
  /** Title and text, for answer match. */
  readonly passageText: (id: string) => string | undefined;
}

/**
 * Scores a run. The mean is over all judged queries of the set: a query that the run lacks counts as an empty ranking
 * and so as 0, it is never dropped. The order of the run decides, ties included; a passage ranked twice is an error.
 * @throws AppError `invalid_artifact` when a ranking repeats a passage or no query of the set is judged.
 */
export function evaluateRun({ run, set, measures, passageText }: EvaluateRunOptions): RunEvaluation {
  const perQuery = new Map<string, QueryScores>();
  let emptyQueries = 0;
  for (const { id: queryId, answers } of set.queries) {
    const grades = set.qrels.get(queryId);
    if (grades === undefined) {
      continue;
    }
    const ranking = (run.get(queryId) ?? []).map(({ id }) => id);
    checkDistinct(queryId, ranking);
    emptyQueries += ranking.length === 0 ? 1 : 0;
    const scores = measures.flatMap((measure) => {
      const score = measure.score({ ranking, grades, answers, passageText });
      return score === undefined ? [] : [[measure.name, score] as const];
    });
    perQuery.set(queryId, Object.fromEntries(scores));
  }
  if (perQuery.size === 0) {
    throw new AppError("invalid_artifact", "no query of the split has a judgment: there is nothing to average");
  }
  return {
    means: measures.flatMap(({ name }) => meanOf(name, perQuery.values())),
    perQuery,
    emptyQueries,
    unjudgedQueries: set.queries.length - perQuery.size,
  };
}

function checkDistinct(queryId: string, ranking: readonly string[]): void {
  if (new Set(ranking).size !== ranking.length) {
    throw new AppError("invalid_artifact", `the ranking of query "${queryId}" holds a passage twice`);
  }
}

function meanOf(measure: string, perQuery: Iterable<QueryScores>): MeasureMean[] {
  let sum = 0;
  let n = 0;
  for (const scores of perQuery) {
    const score = scores[measure];
    if (score !== undefined) {
      sum += score;
      n++;
    }
  }
  return n === 0 ? [] : [{ measure, mean: sum / n, n }];
}
