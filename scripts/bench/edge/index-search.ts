import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { DIMENSIONS, joinedVectors, seededQueries } from "./index-vectors.ts";
import { median, time } from "./statistics.ts";
import { loadUsearch, toInt8, type Numbers, type Usearch } from "./usearch.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

const TOP_K = 10;
const SIZES = [10_000, 64_000, 100_000];
const ROUNDS = 7;
const QUERIES = 20;
/** Until V8 has compiled the search with its optimiser. */
const WARM_UP_QUERIES = 200;
const QUERY_SEED = 1_000_003;
const CONFIGS = ["scripts/bench/edge/workers/index.toml", "wrangler.toml"];

/**
 * The embedded Vectorize, through its binding under `wrangler dev` (two RPC hops), beside `usearch` exact search in Node on
 * one thread, over the same seeded vectors. Milliseconds a query, medians of interleaved rounds; workerd's processor time a
 * query; the first query after a restart, which loads the index, and what loading adds to workerd's resident memory.
 * `recall` is the share of usearch's float32 top ten that the embedded index found: 1.
 */
export async function benchIndexSearch(sizes: readonly number[] = SIZES): Promise<Record<string, number>> {
  const usearch = loadUsearch();
  const persistTo = await mkdtemp(path.join(tmpdir(), "aar-index-bench-"));
  const results: Record<string, number> = {};
  try {
    let filled = 0;
    for (const size of sizes) {
      await withWorker(persistTo, async (worker) => {
        const started = performance.now();
        await ask(worker, `/fill?from=${filled}&to=${size}`);
        results[`index_${size}_fill_vectors_per_second`] = ((size - filled) / (performance.now() - started)) * 1000;
      });
      filled = size;
      await withWorker(persistTo, async (worker) => {
        Object.assign(results, await measureSize(worker, usearch, size));
      });
    }
  } finally {
    await rm(persistTo, { recursive: true, force: true });
  }
  return results;
}

async function measureSize(worker: WorkerProcess, usearch: Usearch, size: number): Promise<Record<string, number>> {
  const before = worker.memory();
  const first = await time(() => search(worker, 1, QUERY_SEED));
  const memory = worker.memory() - before;
  await search(worker, WARM_UP_QUERIES, QUERY_SEED);
  const dataset = joinedVectors(size);
  const dataset8 = toInt8(dataset);
  const embedded: number[] = [];
  const f32: number[] = [];
  const i8: number[] = [];
  let cpu = 0;
  let common = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const seed = QUERY_SEED + 1 + round;
    const queries = seededQueries(QUERIES, seed);
    const cpuBefore = worker.cpuTime();
    let found: string[][] = [];
    const elapsed = await time(async () => (found = await search(worker, QUERIES, seed)));
    embedded.push(elapsed / QUERIES);
    cpu += worker.cpuTime() - cpuBefore;
    const exact: string[][] = [];
    f32.push(timePerQuery(queries, (query) => exact.push(nearest(usearch, dataset, query))));
    i8.push(timePerQuery(queries, (query) => nearest(usearch, dataset8, toInt8(query))));
    common += found.flat().filter((id, i) => exact[Math.floor(i / TOP_K)]?.includes(id)).length;
  }
  return {
    [`index_${size}_ms`]: median(embedded),
    [`index_${size}_cpu_ms`]: cpu / (ROUNDS * QUERIES),
    [`index_${size}_recall`]: common / (ROUNDS * QUERIES * TOP_K),
    [`index_${size}_first_query_ms`]: first,
    [`index_${size}_memory_mib`]: memory,
    [`usearch_f32_${size}_ms`]: median(f32),
    [`usearch_i8_${size}_ms`]: median(i8),
    [`index_${size}_over_usearch_f32`]: median(embedded) / median(f32),
    [`index_${size}_over_usearch_i8`]: median(embedded) / median(i8),
  };
}

async function search(worker: WorkerProcess, queries: number, seed: number): Promise<string[][]> {
  const found = await ask(worker, `/query?queries=${queries}&seed=${seed}&topK=${TOP_K}`);
  return z.array(z.array(z.string())).parse(found);
}

async function ask(worker: WorkerProcess, route: string): Promise<unknown> {
  // usearch's synchronous searches outlast a kept connection.
  const response = await fetch(worker.origin + route, { headers: { connection: "close" } });
  if (!response.ok) {
    throw new Error(`${route}: ${response.status} ${await response.text()}`);
  }
  return await response.json();
}

async function withWorker(persistTo: string, use: (worker: WorkerProcess) => Promise<void>): Promise<void> {
  const worker = await startWorkerProcess({ configs: CONFIGS, persistTo });
  try {
    await use(worker);
  } finally {
    await worker.stop();
  }
}

function nearest(usearch: Usearch, dataset: Numbers, query: Numbers): string[] {
  return Array.from(usearch.exactSearch(dataset, query, DIMENSIONS, TOP_K, "cos", 1).keys, String);
}

function timePerQuery(queries: readonly Float32Array[], run: (query: Float32Array) => void): number {
  const started = performance.now();
  for (const query of queries) {
    run(query);
  }
  return (performance.now() - started) / queries.length;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: "boolean", default: false }, sizes: { type: "string" } } });
  // Rising, in thousands: --sizes 10000,64000
  const results = await benchIndexSearch(values.sizes?.split(",").map(Number));
  if (values.json) {
    process.stdout.write(`${JSON.stringify(results)}\n`);
  } else {
    for (const [name, value] of Object.entries(results)) {
      process.stdout.write(`${name.padEnd(42)} ${value.toFixed(3)}\n`);
    }
  }
}
