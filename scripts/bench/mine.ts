/**
 * Speed of `aar mine` over many passages, once they are encoded: both legs, and what joins them, depth 100.
 *
 *   node scripts/bench/mine.ts [--data DIR]... [--passages 100000] [--queries 1500] [--json]
 *
 * Texts and questions are those of `--data` (BEIR folders, one after the other until there are enough), or made up from a seed with
 * the word frequencies of natural text. Vectors are made up in either case: exact search takes as long over any. Prints seconds and
 * questions/s of each step. `sql` is the Worker's own full-text search of the same questions (the first 100), one after the other.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DEFAULT_FUSION } from "../../src/retrieval/fusion.ts";
import { SqlPassageStore } from "../../src/retrieval/sql-passage-store.ts";
import { seededUnitVectors } from "../../test/support/seeded-unit-vectors.ts";
import { openNodeSqliteDatabase } from "../../training/artifacts/node-sqlite-database.ts";
import type { VectorSet } from "../../training/artifacts/vector-set.ts";
import { PostingSearch } from "../../training/eval/posting-search.ts";
import { denseRun, fuseRuns, lexicalRun } from "../../training/eval/runs.ts";
import { formatTable } from "../../training/format-table.ts";
import { buildPassageDatabase } from "../../training/indexing/build-passage-database.ts";
import { createProgress } from "../../training/progress.ts";
import type { Progress, ProgressOptions } from "../../training/progress.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { madeUpTexts, textsOf } from "./mine/texts.ts";
import type { Texts } from "./mine/texts.ts";

const DIMS = 384;
const DEPTH = 100;
const SQL_QUERIES = 100;
const COLLECTION = {
  name: "corpus",
  encoderFingerprint: "none",
  encoderName: "none",
  dims: DIMS,
  similarity: "cosine",
  fusion: DEFAULT_FUSION,
} as const;

/** What a step took, and how many questions it served; 0 for what is done once. */
interface Step {
  readonly seconds: number;
  readonly queries: number;
}

const signal = new AbortController().signal;
const progress = (options: ProgressOptions): Progress => createProgress({ ...options, stream: process.stderr });

async function benchMine({ passages, queries }: Texts): Promise<Readonly<Record<string, Step>>> {
  const steps: Record<string, Step> = {};
  async function step<Result>(name: string, count: number, action: () => Promise<Result>): Promise<Result> {
    const began = performance.now();
    const result = await action();
    steps[name] = { seconds: (performance.now() - began) / 1000, queries: count };
    return result;
  }
  const folder = await mkdtemp(path.join(tmpdir(), "aar-mine-"));
  try {
    const file = path.join(folder, "text.sqlite");
    await step("index text", 0, () =>
      buildPassageDatabase({ file, collection: COLLECTION, passages, progress, signal }),
    );
    const database = await openNodeSqliteDatabase(file);
    const text = await step("open text", 0, () => PostingSearch.open(database, COLLECTION.name));
    const search = text.search.bind(text);
    const lexical = await step("lexical", queries.length, () =>
      lexicalRun({ search, queries, depth: DEPTH, progress, signal }),
    );
    const { vectors, embeddings } = madeUpVectors(
      passages.map(({ id }) => id),
      queries.length,
    );
    const dense = await step("dense", queries.length, () =>
      denseRun({ vectors, queries, embeddings, depth: DEPTH, progress, signal }),
    );
    const legs = { dense, lexical, similarity: "cosine", depth: DEPTH, fusion: DEFAULT_FUSION, topK: DEPTH } as const;
    await step("fuse", queries.length, async () => await Promise.resolve(fuseRuns(legs)));
    const store = new SqlPassageStore(database);
    const bySql = (query: string, depth: number) => store.searchLexical({ collection: COLLECTION.name, query, depth });
    await step("sql", Math.min(SQL_QUERIES, queries.length), () =>
      lexicalRun({ search: bySql, queries: queries.slice(0, SQL_QUERIES), depth: DEPTH, progress, signal }),
    );
    database.close();
  } finally {
    await rm(folder, { recursive: true });
  }
  return steps;
}

/** Vectors around topics: of the passages, and of as many questions. */
function madeUpVectors(
  ids: readonly string[],
  queries: number,
): { readonly vectors: VectorSet; readonly embeddings: readonly Float32Array[] } {
  const matrix = new Float32Array(ids.length * DIMS);
  const rows = seededUnitVectors({ count: ids.length, dimensions: DIMS, seed: 1, clusters: 500 });
  for (const [row, values] of rows.entries()) {
    matrix.set(values, row * DIMS);
  }
  const facts = {
    ...COLLECTION,
    dtype: "float32",
    count: ids.length,
    vectorsSha256: "none",
    idsSha256: "none",
  } as const;
  return {
    vectors: { facts, inputs: {}, ids, matrix },
    embeddings: seededUnitVectors({ count: queries, dimensions: DIMS, seed: 2, clusters: 500 }),
  };
}

const { values } = parseScriptFlags({
  options: {
    data: { type: "string", multiple: true, default: [] },
    passages: { type: "string", default: "100000" },
    queries: { type: "string", default: "1500" },
    json: { type: "boolean", default: false },
  },
});
const counts = { passages: Number(values.passages), queries: Number(values.queries) };
const texts = values.data.length === 0 ? madeUpTexts(counts) : await textsOf(values.data, counts);
const steps = await benchMine(texts);
const found = { passages: texts.passages.length, queries: texts.queries.length };
if (values.json) {
  process.stdout.write(`${JSON.stringify({ ...found, ...steps })}\n`);
} else {
  process.stdout.write(`${found.passages} passages, ${found.queries} questions\n`);
  const rows = Object.entries(steps).map(([name, { seconds, queries }]) => [
    name,
    seconds.toFixed(1),
    queries === 0 ? "" : (queries / seconds).toFixed(0),
  ]);
  process.stdout.write(`${formatTable(["step", "seconds", "questions/s"], rows)}\n`);
}
