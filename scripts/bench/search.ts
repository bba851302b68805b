/**
 * Exact search of the offline commands (`ProductSearch`) beside `usearch` exact search, same vectors, same threads, taking
 * turns in one run:
 *
 *   node scripts/bench/search.ts [--vectors DIR] [--threads 1] [--queries 256] [--rounds 5] [--json]
 *
 * Without `--vectors` (a folder of `aar encode`) seeded unit vectors of the size of `wiki_all`: 64,153 x 384. Prints
 * milliseconds a query, medians over the rounds, for all queries at once and for one at a time; ratios above 1 mean that
 * usearch is faster. `recall` is the share of usearch's float32 neighbours that ours has among as many: 1 but for ties.
 */
import { seededUnitVectors } from "../../test/support/seeded-unit-vectors.ts";
import { loadVectorSet } from "../../training/artifacts/vector-set.ts";
import { ProductSearch } from "../../training/eval/product-search.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { median, time } from "./edge/statistics.ts";
import { loadUsearch, toInt8 } from "./edge/usearch.ts";

const ROWS = 64_153;
const DIMS = 384;
const DEPTH = 100;
/** Queries of the one-at-a-time measurements: a round of them should take a second, not a minute. */
const SINGLE_QUERIES = 20;

interface BenchOptions {
  readonly vectors?: string | undefined;
  readonly threads: number;
  readonly queries: number;
  readonly rounds: number;
}

async function benchSearch({
  vectors,
  threads,
  queries: count,
  rounds,
}: BenchOptions): Promise<Record<string, number>> {
  const { matrix, dims } = await openMatrix(vectors);
  const usearch = loadUsearch();
  const index = await ProductSearch.open({ matrix, dims, similarity: "cosine", threads });
  const matrix8 = toInt8(matrix);
  const times = { batch: [], single: [], usearchBatch: [], usearchSingle: [], usearchInt8Single: [] } as Record<
    string,
    number[]
  >;
  let common = 0;
  for (let round = 0; round <= rounds; round++) {
    const queries = seededUnitVectors({ count, dimensions: dims, seed: 1000 + round }).map((query, i) =>
      // Near a row, as questions are near passages: random directions are equally far from everything.
      query.map((value, d) => 0.5 * value + (matrix[((i * 997 + round) % (matrix.length / dims)) * dims + d] ?? 0)),
    );
    const packed = Float32Array.from(queries.flatMap((query) => [...query]));
    const singles = queries.slice(0, SINGLE_QUERIES);
    let ours: { index: number }[][] = [];
    let keys: BigUint64Array = new BigUint64Array();
    const took = {
      batch: (await time(async () => (ours = await index.search(queries, DEPTH)))) / count,
      usearchBatch:
        (await time(async () => ({ keys } = usearch.exactSearch(matrix, packed, dims, DEPTH, "cos", threads)))) / count,
      single: await perQuery(singles, (query) => index.search([query], DEPTH)),
      usearchSingle: await perQuery(singles, (query) =>
        usearch.exactSearch(matrix, query, dims, DEPTH, "cos", threads),
      ),
      usearchInt8Single: await perQuery(singles, (query) =>
        usearch.exactSearch(matrix8, toInt8(query), dims, DEPTH, "cos", threads),
      ),
    };
    if (round === 0) {
      continue; // warms caches and V8
    }
    for (const [name, value] of Object.entries(took)) {
      times[name]?.push(value);
    }
    common += ours.flatMap((found, query) => {
      const theirs = new Set(Array.from(keys.slice(query * DEPTH, (query + 1) * DEPTH), Number));
      return found.filter((row) => theirs.has(row.index));
    }).length;
  }
  await index.close();
  const of = (name: string): number => median(times[name] ?? []);
  return {
    rows: matrix.length / dims,
    threads,
    batch_ms: of("batch"),
    usearch_batch_ms: of("usearchBatch"),
    batch_over_usearch: of("batch") / of("usearchBatch"),
    single_ms: of("single"),
    usearch_single_ms: of("usearchSingle"),
    usearch_i8_single_ms: of("usearchInt8Single"),
    single_over_usearch: of("single") / of("usearchSingle"),
    single_over_usearch_i8: of("single") / of("usearchInt8Single"),
    recall: common / (rounds * count * DEPTH),
  };
}

async function openMatrix(folder: string | undefined): Promise<{ matrix: Float32Array; dims: number }> {
  if (folder !== undefined) {
    const { matrix, facts } = await loadVectorSet(folder);
    return { matrix, dims: facts.dims };
  }
  const matrix = new Float32Array(ROWS * DIMS);
  for (const [row, values] of seededUnitVectors({ count: ROWS, dimensions: DIMS, seed: 1, clusters: 500 }).entries()) {
    matrix.set(values, row * DIMS);
  }
  return { matrix, dims: DIMS };
}

async function perQuery(queries: readonly Float32Array[], run: (query: Float32Array) => unknown): Promise<number> {
  const elapsed = await time(async () => {
    for (const query of queries) {
      await run(query);
    }
  });
  return elapsed / queries.length;
}

const { values } = parseScriptFlags({
  options: {
    json: { type: "boolean", default: false },
    vectors: { type: "string" },
    threads: { type: "string", default: "1" },
    queries: { type: "string", default: "256" },
    rounds: { type: "string", default: "5" },
  },
});
const results = await benchSearch({
  vectors: values.vectors,
  threads: Number(values.threads),
  queries: Number(values.queries),
  rounds: Number(values.rounds),
});
if (values.json) {
  process.stdout.write(`${JSON.stringify(results)}\n`);
} else {
  for (const [name, value] of Object.entries(results)) {
    process.stdout.write(`${name.padEnd(24)} ${value.toFixed(3)}\n`);
  }
}
