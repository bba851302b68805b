import path from "node:path";
import { AppError } from "../../src/shared/errors.ts";
import { readCorpus, readQueries } from "../artifacts/beir.ts";
import { readTrecRun } from "../artifacts/trec.ts";
import type { Run } from "../artifacts/trec.ts";
import type { LabelledQuery, QueryToScore } from "./signal.ts";

export interface LoadQueriesToScoreOptions {
  /** BEIR-style folder. */
  readonly data: string;
  /** First stage in TREC format: its queries are scored. */
  readonly run: string;
  /** Candidates of a query. */
  readonly depth: number;
  /** Queries at most. Default all. */
  readonly limit?: number | undefined;
}

export interface LoadedQueries {
  readonly items: readonly QueryToScore[];
  readonly run: Run;
}

/**
 * The queries of a first-stage run with the texts of their candidates.
 * @throws AppError `invalid_artifact` when the run names a query or a passage that the folder does not have.
 */
export async function loadQueriesToScore(options: LoadQueriesToScoreOptions): Promise<LoadedQueries> {
  const { data, depth, limit = Infinity } = options;
  const whole = await readTrecRun(options.run);
  const run = new Map(
    [...whole].slice(0, limit).map(([queryId, passages]) => [queryId, passages.slice(0, depth)] as const),
  );
  const queries = new Map<string, LabelledQuery>();
  for await (const { id, text, answers, choices } of readQueries(path.join(data, "queries.jsonl"))) {
    if (run.has(id)) {
      queries.set(id, { id, text, answers, choices });
    }
  }
  const wanted = new Set([...run.values()].flatMap((passages) => passages.map(({ id }) => id)));
  const texts = new Map<string, QueryToScore["passages"][number]>();
  for await (const { id, title, text } of readCorpus(path.join(data, "corpus.jsonl"))) {
    if (wanted.has(id)) {
      texts.set(id, { id, title, text });
    }
  }
  const items = [...run].map(([queryId, candidates]) => ({
    query: queries.get(queryId) ?? unknown("query", queryId, options),
    passages: candidates.map(({ id }) => texts.get(id) ?? unknown("passage", id, options)),
  }));
  return { items, run };
}

function unknown(kind: "passage" | "query", id: string, { data, run }: LoadQueriesToScoreOptions): never {
  throw new AppError(
    "invalid_artifact",
    `${run} names ${kind} "${id}", which ${data} does not have: is it of another set?`,
  );
}
