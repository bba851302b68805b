import { existsSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../src/shared/errors.ts";
import { checkJudgedPassages, listSplits, loadEvaluationSet, readAllQrels, readQueries } from "../artifacts/beir.ts";
import type { EvaluationSet, Warn } from "../artifacts/beir.ts";
import { hashFraction } from "../artifacts/hash-split.ts";
import { checkNotHeldOut } from "./held-out.ts";

export interface LoadQuestionsOptions {
  readonly folder: string;
  readonly split: string;
  readonly heldOut?: readonly string[];
  readonly allowTest?: boolean;
  /** See `checkNotHeldOut`. */
  readonly purpose: string;
  /** At most so many, the first by a hash of their ids: a smaller number takes a part of a larger one's. Default all. */
  readonly limit?: number | undefined;
  /** Of that hash. Default 0. */
  readonly seed?: number;
  /** Ids of the corpus, for `checkJudgedPassages`. */
  readonly corpusIds: { has(id: string): boolean };
  readonly warn: Warn;
}

/**
 * Questions to learn from, with their judgments where there are any: a query log needs neither `qrels` nor a field `split`
 * (without splits all of it is the split). Judgments of passages that the corpus lacks are left out.
 * @throws AppError `invalid_request` for held-out questions, `invalid_artifact` for malformed files and an empty split.
 */
export async function loadQuestions(options: LoadQuestionsOptions): Promise<EvaluationSet> {
  const { folder, split, limit = Infinity, seed = 0, corpusIds, warn } = options;
  const splits = await listSplits(folder);
  checkNotHeldOut({ ...options, splits });
  const isJudged = existsSync(path.join(folder, "qrels.tsv")) || existsSync(path.join(folder, "qrels", `${split}.tsv`));
  const set =
    isJudged && splits.length > 0 ? await loadEvaluationSet(folder, split) : await loadLog(folder, split, splits);
  if (isJudged) {
    checkJudgedPassages(set.qrels, corpusIds, warn);
  }
  const chosen = new Set(
    set.queries
      .map(({ id }) => ({ id, fraction: hashFraction(id, seed) }))
      .toSorted((a, b) => a.fraction - b.fraction)
      .slice(0, limit)
      .map(({ id }) => id),
  );
  const queries = set.queries.filter(({ id }) => chosen.has(id));
  const qrels = new Map(
    queries.flatMap(({ id }) => {
      const grades = [...(set.qrels.get(id) ?? [])].filter(([passageId]) => corpusIds.has(passageId));
      return grades.length === 0 ? [] : [[id, new Map(grades)] as const];
    }),
  );
  return { queries, qrels };
}

async function loadLog(folder: string, split: string, splits: readonly string[]): Promise<EvaluationSet> {
  const all = await Array.fromAsync(readQueries(path.join(folder, "queries.jsonl")));
  const queries = splits.length === 0 ? all : all.filter((query) => query.split === split);
  if (queries.length === 0) {
    const there = splits.length === 0 ? "no question at all" : `no split "${split}"; it has ${splits.join(", ")}`;
    throw new AppError("invalid_artifact", `${folder}: queries.jsonl has ${there}`);
  }
  return { queries, qrels: await readAllQrels(folder) };
}
