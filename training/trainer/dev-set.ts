import { AppError } from "../../src/shared/errors.ts";
import { checkJudgedPassages, loadEvaluationSet } from "../artifacts/beir.ts";
import type { EvaluationSet, Warn } from "../artifacts/beir.ts";
import { hashFraction } from "../artifacts/hash-split.ts";
import { readTrainingExamples } from "../artifacts/training-examples.ts";
import { evaluateRun } from "../eval/evaluate-run.ts";
import { parseMeasure } from "../eval/measures.ts";
import type { ProductSearch } from "../eval/product-search.ts";

/** What runs are selected by. */
export const DEV_MEASURE = "nDCG@10";

const DEPTH = 10;

/** Where dev questions come from: a file like the training file, or the judged split of a BEIR-style folder. */
export type DevSource = { readonly file: string } | { readonly folder: string; readonly split: string };

export interface LoadDevSetOptions {
  readonly source: DevSource;
  readonly passageIds: readonly string[];
  /** Questions at most, the same ones each time. */
  readonly limit: number;
  readonly warn: Warn;
}

/**
 * The questions that training is watched and selected on.
 * @throws AppError `invalid_request` for a split called test: what is selected on it could not be reported on it;
 *   `invalid_artifact` for a malformed file.
 */
export async function loadDevSet({ source, passageIds, limit, warn }: LoadDevSetOptions): Promise<EvaluationSet> {
  const ids = new Set(passageIds);
  const { queries, qrels } = "file" in source ? await readDevFile(source.file, ids) : await readDevSplit(source);
  checkJudgedPassages(qrels, ids, warn);
  const judged = queries.filter(({ id }) => qrels.has(id));
  const chosen = judged.toSorted((a, b) => hashFraction(a.id) - hashFraction(b.id)).slice(0, limit);
  return { queries: chosen, qrels };
}

async function readDevSplit({ folder, split }: { folder: string; split: string }): Promise<EvaluationSet> {
  if (split === "test") {
    throw new AppError("invalid_request", "training must not be selected on a test split; give a dev split or file");
  }
  return await loadEvaluationSet(folder, split);
}

async function readDevFile(file: string, ids: ReadonlySet<string>): Promise<EvaluationSet> {
  const examples = await Array.fromAsync(readTrainingExamples(file, ids));
  return {
    queries: examples.map(({ queryId, query }) => ({ id: queryId, text: query, answers: [] })),
    qrels: new Map(
      examples.map(({ queryId, positives }) => [queryId, new Map(positives.map(({ passageId }) => [passageId, 1]))]),
    ),
  };
}

export interface DevScoreOptions {
  readonly set: EvaluationSet;
  /** Of the set's queries, in their order. */
  readonly queryVectors: readonly Float32Array[];
  readonly search: ProductSearch;
  readonly passageIds: readonly string[];
}

/** Mean nDCG@10 over the questions, by exact search over all passages. */
export async function devScore({ set, queryVectors, search, passageIds }: DevScoreOptions): Promise<number> {
  const found = await search.search(queryVectors, DEPTH);
  const run = new Map(
    set.queries.map(({ id }, index) => [
      id,
      (found[index] ?? []).map(({ index: row, score }) => ({ id: passageIds[row] ?? "", score })),
    ]),
  );
  const { means } = evaluateRun({ run, set, measures: [parseMeasure(DEV_MEASURE)], passageText: () => undefined });
  return means[0]?.mean ?? 0;
}

/** Where a run's dev questions come from; undefined when it is told of none. `dev` beats `devData`. */
export function devSource(options: {
  readonly dev?: string | undefined;
  readonly devData?: string | undefined;
  readonly devSplit: string;
}): DevSource | undefined {
  if (options.dev !== undefined) {
    return { file: options.dev };
  }
  return options.devData === undefined ? undefined : { folder: options.devData, split: options.devSplit };
}
