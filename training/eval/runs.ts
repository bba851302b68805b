import { fuse } from "../../src/retrieval/fusion.ts";
import type { Collection, FusionSettings, ScoredPassage } from "../../src/retrieval/types.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { EvaluationQuery } from "../artifacts/beir.ts";
import type { Run } from "../artifacts/trec.ts";
import type { VectorSet } from "../artifacts/vector-set.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import type { FullText } from "./cached-full-text.ts";
import { ProductSearch } from "./product-search.ts";

type Query = Pick<EvaluationQuery, "id" | "text">;

/** Queries searched in one pass over all vectors; the time of progress, not of speed. */
const QUERIES_PER_PASS = 256;

export interface DenseRunOptions {
  readonly vectors: VectorSet;
  readonly queries: readonly Query[];
  /** Of the queries, in their order. */
  readonly embeddings: readonly Float32Array[];
  readonly depth: number;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** The dense leg over all passages, exactly. */
export async function denseRun({
  vectors,
  queries,
  embeddings,
  depth,
  progress: createProgress,
  signal,
}: DenseRunOptions): Promise<Run> {
  const { facts, matrix, ids } = vectors;
  const run = new Map<string, readonly ScoredPassage[]>();
  const index = await ProductSearch.open({ matrix, dims: facts.dims, similarity: facts.similarity });
  const progress = createProgress({ label: "dense", unit: "queries", total: queries.length });
  try {
    for (let start = 0; start < queries.length; start += QUERIES_PER_PASS) {
      signal.throwIfAborted();
      const found = await index.search(embeddings.slice(start, start + QUERIES_PER_PASS), depth);
      for (const [position, rows] of found.entries()) {
        run.set(
          queries[start + position]?.id ?? "",
          rows.map((row) => ({ id: ids[row.index] ?? "", score: row.score })),
        );
      }
      progress.advance(found.length);
    }
  } finally {
    progress.finish();
    await index.close();
  }
  return run;
}

export interface LexicalRunOptions {
  readonly search: FullText["search"];
  readonly queries: readonly Query[];
  readonly depth: number;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** The lexical leg: what the Worker's own full-text search finds. */
export async function lexicalRun({
  search,
  queries,
  depth,
  progress: createProgress,
  signal,
}: LexicalRunOptions): Promise<Run> {
  const run = new Map<string, readonly ScoredPassage[]>();
  const progress = createProgress({ label: "lexical", unit: "queries", total: queries.length });
  for (const { id, text } of queries) {
    signal.throwIfAborted();
    run.set(id, await search(text, depth));
    progress.advance(1);
  }
  progress.finish();
  return run;
}

export interface FuseRunsOptions {
  readonly dense: Run;
  readonly lexical: Run;
  readonly similarity: Collection["similarity"];
  /** Passages asked of each leg. */
  readonly depth: number;
  readonly fusion: FusionSettings;
  readonly topK: number;
}

/** Joins both legs query by query with the Worker's fusion. */
export function fuseRuns({ dense, lexical, similarity, depth, fusion, topK }: FuseRunsOptions): Run {
  if (dense.size !== lexical.size) {
    throw new AppError("internal", `the legs ran ${dense.size} and ${lexical.size} queries`);
  }
  return new Map(
    [...dense].map(([queryId, passages]) => {
      const runs = { dense: passages, lexical: lexical.get(queryId) ?? [], similarity, depth };
      return [queryId, fuse(runs, fusion).slice(0, topK)] as const;
    }),
  );
}
