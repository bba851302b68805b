import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { FaissPeer } from "./faiss-peer.ts";
import { DIMENSIONS, joinedVectors, seededQueries } from "./index-vectors.ts";
import { median, time } from "./statistics.ts";
import { loadUsearch, toInt8, type Numbers } from "./usearch.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

const ROWS = 64_000;
const TOP_K = 10;
const ROUNDS = 15;
const QUERIES = 20;
/** Of each query in one request: some 100 ms, so that a request's own cost is small beside them. */
const SCANS = 5;
/** Until V8 has compiled the scan with its optimiser. */
const WARM_UP_SCANS = 10;
const QUERY_SEED = 1_000_003;

/** What one round of a contestant came to. */
interface Round {
  /** Milliseconds a query. */
  readonly milliseconds: number;
  /** Processor time of a query: unlike elapsed time it tells little of what else the machine does. */
  readonly cpuMilliseconds: number;
  /** Row numbers found, by query. */
  readonly found: readonly (readonly number[])[];
}

/** Finds the nearest of each query, one after the other, on one thread. */
type Contestant = (queries: readonly Float32Array[], seed: number) => Promise<Round>;

/**
 * One query against 64,000 int8 vectors of 384 dimensions, exactly: the embedded index's scan in workerd (many in one request; one
 * that scans nothing is subtracted), faiss' 8-bit scalar quantiser, and `usearch` exact over float32 and int8. Milliseconds
 * a query, medians of interleaved rounds, and processor time, means of the same. `scan_recall` is the share of the float32 top ten among the scan's candidates,
 * which it leaves to be compared in float32: 1; `scan_candidates` how many they are. The others' recall is of their top ten.
 */
export async function benchScan({ python }: { readonly python: string }): Promise<Record<string, number>> {
  const folder = await mkdtemp(path.join(tmpdir(), "aar-scan-bench-"));
  const worker = await startWorkerProcess({ configs: ["scripts/bench/edge/workers/scan.toml"], persistTo: folder });
  const dataset = joinedVectors(ROWS);
  const vectors = path.join(folder, "vectors.f32");
  await writeFile(vectors, dataset);
  const faiss = await FaissPeer.start({ python, vectors, dimensions: DIMENSIONS });
  try {
    await ask(worker, `/fill?to=${ROWS}`);
    await ask(worker, `/scan?queries=${QUERIES}&times=${WARM_UP_SCANS}&seed=${QUERY_SEED}&topK=${TOP_K}`);
    return await measure({
      scan: (_, seed) => scan(worker, seed),
      ...(faiss && {
        faiss: async (queries) => {
          const { ids, ...took } = await faiss.search(queries, TOP_K);
          return { ...took, found: ids };
        },
      }),
      usearch_f32: usearchOver(dataset, (query) => query),
      usearch_i8: usearchOver(toInt8(dataset), toInt8),
    });
  } finally {
    faiss?.stop();
    await worker.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(contestants: Readonly<Record<string, Contestant>>): Promise<Record<string, number>> {
  const times: Record<string, number[]> = {};
  const cpu: Record<string, number> = {};
  const common: Record<string, number> = {};
  let candidates = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const seed = QUERY_SEED + 1 + round;
    const queries = seededQueries(QUERIES, seed);
    const found: Record<string, Round["found"]> = {};
    for (const [name, contestant] of Object.entries(contestants)) {
      const result = await contestant(queries, seed);
      (times[name] ??= []).push(result.milliseconds);
      cpu[name] = (cpu[name] ?? 0) + result.cpuMilliseconds / ROUNDS;
      found[name] = result.found;
    }
    const exact = (found["usearch_f32"] ?? []).map((ids) => new Set(ids));
    for (const [name, ids] of Object.entries(found)) {
      common[name] = (common[name] ?? 0) + ids.flatMap((ours, i) => ours.filter((id) => exact[i]?.has(id))).length;
    }
    candidates += (found["scan"] ?? []).flat().length;
  }
  const scanMilliseconds = median(times["scan"] ?? []);
  const results: Record<string, number> = { rows: ROWS, scan_candidates: candidates / (ROUNDS * QUERIES) };
  for (const [name, values] of Object.entries(times)) {
    results[`${name}_ms`] = median(values);
    results[`${name}_cpu_ms`] = cpu[name] ?? Number.NaN;
    results[`${name}_recall`] = (common[name] ?? 0) / (ROUNDS * QUERIES * TOP_K);
    if (name !== "scan") {
      results[`scan_over_${name}`] = scanMilliseconds / median(values);
      results[`scan_over_${name}_cpu`] = (cpu["scan"] ?? Number.NaN) / (cpu[name] ?? Number.NaN);
    }
  }
  return results;
}

async function scan(worker: WorkerProcess, seed: number): Promise<Round> {
  const route = `/scan?queries=${QUERIES}&seed=${seed}&topK=${TOP_K}`;
  const scans = QUERIES * SCANS;
  const nothing = await timeWorker(worker, `${route}&times=0`);
  const all = await timeWorker(worker, `${route}&times=${SCANS}`);
  return {
    milliseconds: (all.milliseconds - nothing.milliseconds) / scans,
    cpuMilliseconds: (all.cpuMilliseconds - nothing.cpuMilliseconds) / scans,
    found: z.array(z.array(z.int())).parse(all.answer),
  };
}

async function timeWorker(
  worker: WorkerProcess,
  route: string,
): Promise<Omit<Round, "found"> & { readonly answer: unknown }> {
  const before = worker.cpuTime();
  let answer: unknown;
  const milliseconds = await time(async () => (answer = await ask(worker, route)));
  return { milliseconds, cpuMilliseconds: worker.cpuTime() - before, answer };
}

function usearchOver(dataset: Numbers, convert: (query: Float32Array) => Numbers): Contestant {
  const usearch = loadUsearch();
  return async (queries) => {
    const converted = queries.map(convert);
    const found: number[][] = [];
    const before = process.cpuUsage();
    const elapsed = await time(async () => {
      for (const query of converted) {
        const { keys } = usearch.exactSearch(dataset, query, DIMENSIONS, TOP_K, "cos", 1);
        found.push(Array.from(keys, Number));
      }
    });
    const { user, system } = process.cpuUsage(before);
    const cpuMilliseconds = (user + system) / 1000 / queries.length;
    return { milliseconds: elapsed / queries.length, cpuMilliseconds, found };
  };
}

async function ask(worker: WorkerProcess, route: string): Promise<unknown> {
  // The synchronous searches outlast a kept connection.
  const response = await fetch(worker.origin + route, { headers: { connection: "close" } });
  if (!response.ok) {
    throw new Error(`${route}: ${response.status} ${await response.text()}`);
  }
  return await response.json();
}
