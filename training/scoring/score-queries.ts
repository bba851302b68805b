import { AppError } from "../../src/shared/errors.ts";
import type { LmScore } from "../artifacts/lm-scores.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { orderByPassages } from "./order-by-passages.ts";
import type { PendingScores } from "./pending-scores.ts";
import type { QueryScorer } from "./query-scorer.ts";
import type { ScoreLog } from "./score-log.ts";
import type { QueryToScore, Signal } from "./signal.ts";

export interface ScoreQueriesOptions {
  readonly name: string;
  readonly signal: Pick<Signal, "dependsOnAll" | "needs">;
  readonly items: readonly QueryToScore[];
  /** Work side by side, each on one passage with all its queries, or on one query with all its passages. */
  readonly scorers: readonly QueryScorer[];
  /** Queries with all their scores. */
  readonly log: ScoreLog;
  /** Scores of queries that are not whole yet. */
  readonly pending: PendingScores;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly abort: AbortSignal;
}

export interface ScoreQueriesResult {
  /** Queries scored by this call. */
  readonly scored: number;
  /** Queries whose scores were all there. */
  readonly reused: number;
  /** Ids of queries that lack what the signal needs. */
  readonly unfit: readonly string[];
}

/**
 * Scores the candidates of every query; a killed run loses what its scorers were at work on. A passage is scored for all its queries one
 * after the other, so that an LM that keeps what it read (ours, or a server with a prefix cache) reads it once; a signal that looks at
 * a query's passages together is asked query by query, those about the same passages one after the other. The log gets whole queries.
 * What it has is not asked again: of a query that got new candidates only these are scored, or all of them when the signal looks at
 * them together.
 */
export async function scoreQueries(options: ScoreQueriesOptions): Promise<ScoreQueriesResult> {
  const { items, signal } = options;
  const unfit = items.filter(({ query }) => !isFit(query, signal.needs)).map(({ query }) => query.id);
  const unfitIds = new Set(unfit);
  const fit = items.filter(({ query }) => !unfitIds.has(query.id));
  await appendWhole(await openItems(fit, options), options); // a run may have died between a query's last score and its line in the log
  const open = await openItems(fit, options);
  const asked = signal.dependsOnAll ? open.map((item) => [item]) : byPassage(open, options);
  const [pairs, openPairs] = [countPairs(fit), countPairs(asked.flat())];
  const progress = options.progress({ label: options.name, unit: "scores", total: pairs, start: pairs - openPairs });
  const wanted = new Map(open.map((item) => [item.query.id, item] as const));
  try {
    await work(asked, options, async ({ query }, scores) => {
      await options.pending.append(scores);
      await appendWhole([wanted.get(query.id) ?? []].flat(), options);
      progress.advance(scores.length);
    });
  } finally {
    progress.finish();
  }
  await options.pending.clear(options.name);
  return { scored: open.length, reused: fit.length - open.length, unfit };
}

function countPairs(items: readonly QueryToScore[]): number {
  return items.reduce((sum, { passages }) => sum + passages.length, 0);
}

type Scored = (item: QueryToScore, scores: readonly LmScore[]) => Promise<void>;

/** Hands the groups to whichever scorer is free. */
async function work(
  groups: readonly (readonly QueryToScore[])[],
  { scorers, abort, name }: ScoreQueriesOptions,
  scored: Scored,
): Promise<void> {
  const queue = groups.values();
  await Promise.all(
    scorers.map(async (scorer) => {
      for (const group of queue) {
        for (const item of group) {
          abort.throwIfAborted();
          await scored(item, await scoreItem(item, scorer, name));
        }
      }
    }),
  );
}

/** Moves the scores of those queries that lack none of what is wanted to the log. */
async function appendWhole(items: readonly QueryToScore[], { name, pending, log }: ScoreQueriesOptions): Promise<void> {
  for (const { query, passages } of items) {
    const found = pending.table.get(name)?.get(query.id);
    const scores = passages.flatMap(({ id: passageId }) => {
      const score = found?.get(passageId);
      return score === undefined ? [] : [{ queryId: query.id, passageId, signal: name, score }];
    });
    if (scores.length === passages.length) {
      await log.append(scores);
    }
  }
}

/** A group a passage: the queries whose score for it is missing. Passages in the order in which related queries name them. */
function byPassage(open: readonly QueryToScore[], { name, pending }: ScoreQueriesOptions): QueryToScore[][] {
  const known = pending.table.get(name);
  const pairs = orderByPassages(open).flatMap(({ query, passages }) =>
    passages
      .filter(({ id }) => known?.get(query.id)?.has(id) !== true)
      .map((passage) => ({ passageId: passage.id, item: { query, passages: [passage] } })),
  );
  const groups = Map.groupBy(pairs, ({ passageId }) => passageId);
  return [...groups.values()].map((group) => group.map(({ item }) => item));
}

/** Queries with something left to score, and only that of them. */
async function openItems(
  items: readonly QueryToScore[],
  { name, signal, log }: ScoreQueriesOptions,
): Promise<QueryToScore[]> {
  const known = log.table.get(name);
  const open = items.flatMap((item) => {
    const missing = item.passages.filter(({ id }) => known?.get(item.query.id)?.has(id) !== true);
    return missing.length === 0 ? [] : [signal.dependsOnAll ? item : { ...item, passages: missing }];
  });
  const partial = open.filter(({ query }) => known?.has(query.id)).map(({ query }) => query.id);
  if (signal.dependsOnAll && partial.length > 0) {
    await log.remove(name, new Set(partial));
  }
  return signal.dependsOnAll ? orderByPassages(open) : open;
}

async function scoreItem(item: QueryToScore, scorer: QueryScorer, signal: string): Promise<LmScore[]> {
  const scores = await scorer.score(item);
  return item.passages.map(({ id }, index) => ({
    queryId: item.query.id,
    passageId: id,
    signal,
    score: finite(scores[index], item),
  }));
}

/** Whether a query brings what a signal needs. */
export function isFit({ answers, choices }: QueryToScore["query"], needs: Signal["needs"]): boolean {
  return needs === "answers" ? (answers[0] ?? "").trim() !== "" : needs === "nothing" || choices.length >= 2;
}

function finite(score: number | undefined, { query, passages }: QueryToScore): number {
  if (score === undefined || !Number.isFinite(score)) {
    throw new AppError(
      "internal",
      `the signal gave ${score} for one of the ${passages.length} passages of query "${query.id}"; expected a finite number each`,
    );
  }
  return score;
}
