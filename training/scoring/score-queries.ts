import { AppError } from "../../src/shared/errors.ts";
import type { LmScore } from "../artifacts/lm-scores.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { orderByPassages } from "./order-by-passages.ts";
import type { QueryScorer } from "./query-scorer.ts";
import type { ScoreLog } from "./score-log.ts";
import type { QueryToScore, Signal } from "./signal.ts";

export interface ScoreQueriesOptions {
  readonly name: string;
  readonly signal: Pick<Signal, "dependsOnAll" | "needs">;
  readonly items: readonly QueryToScore[];
  /** Work side by side, each on some queries about the same passages, one at a time. */
  readonly scorers: readonly QueryScorer[];
  readonly log: ScoreLog;
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

/** Queries that one scorer takes at once, at most: neighbours share passages, which only the scorer that has read them keeps. */
const MAX_BLOCK = 16;
/** Blocks of a scorer at least, so that none waits long for the others at the end. */
const MIN_BLOCKS = 8;

/**
 * Scores the candidates of every query and appends them query by query, so a killed run loses at most one query a scorer. What
 * the log has is not asked again: of a query that got new candidates only these are scored, or all of them when the signal
 * looks at them together.
 */
export async function scoreQueries(options: ScoreQueriesOptions): Promise<ScoreQueriesResult> {
  const { items, signal, scorers, log, abort } = options;
  const unfit = items.filter(({ query }) => !isFit(query, signal.needs)).map(({ query }) => query.id);
  const unfitIds = new Set(unfit);
  const fit = items.filter(({ query }) => !unfitIds.has(query.id));
  const open = await openItems(fit, options);
  const reused = fit.length - open.length;
  const progress = options.progress({ label: options.name, unit: "queries", total: fit.length, start: reused });
  const blocks = blocksOf(orderByPassages(open), scorers.length);
  try {
    await Promise.all(
      scorers.map(async (scorer) => {
        for (const item of blocks.flatMap((block) => block)) {
          abort.throwIfAborted();
          await log.append(await scoreItem(item, scorer, options.name));
          progress.advance(1);
        }
      }),
    );
  } finally {
    progress.finish();
  }
  return { scored: open.length, reused, unfit };
}

function blocksOf(items: readonly QueryToScore[], scorers: number): IteratorObject<readonly QueryToScore[]> {
  const size = Math.min(MAX_BLOCK, Math.ceil(items.length / (MIN_BLOCKS * scorers)));
  return Iterator.from({
    *[Symbol.iterator]() {
      for (let start = 0; start < items.length; start += size) {
        yield items.slice(start, start + size);
      }
    },
  });
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
  return open;
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
