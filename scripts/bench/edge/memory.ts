import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

const QUERIES = 1000;
const MEBIBYTE = 2 ** 20;

const encodeAnswerSchema = z.object({ heapBytes: z.number() });

/**
 * Resident memory of workerd in MiB with the encoder's Worker (before its first query, after it, after 1,000), beside one
 * with a Worker that does nothing; and the encoder's WebAssembly heap, which counts towards an isolate's 128 MB together with
 * the JavaScript heap. Resident memory is more than the isolate: V8, the compiled module and workerd's own services.
 */
export async function benchMemory(): Promise<Record<string, number>> {
  const empty = await withWorker("empty", async (worker) => {
    await ask(worker, "hello", 1);
    return worker.memory();
  });
  return await withWorker("encode", async (worker) => {
    const idle = worker.memory();
    await ask(worker, "Which country has the longest coastline?", 1);
    const loaded = worker.memory();
    let heapBytes = 0;
    for (let i = 0; i < QUERIES; i += 1) {
      heapBytes = encodeAnswerSchema.parse(
        await ask(worker, `Which country has the longest coastline, number ${i}?`, 1),
      ).heapBytes;
    }
    const longest = encodeAnswerSchema.parse(
      await ask(worker, "a long query about coastlines ".repeat(100), 1),
    ).heapBytes;
    return {
      empty_worker_rss_mib: empty,
      before_first_query_rss_mib: idle,
      after_first_query_rss_mib: loaded,
      after_1000_queries_rss_mib: worker.memory(),
      over_empty_worker_rss_mib: worker.memory() - empty,
      wasm_heap_after_1000_queries_mib: heapBytes / MEBIBYTE,
      wasm_heap_after_longest_query_mib: longest / MEBIBYTE,
    };
  });
}

async function withWorker<T>(name: "empty" | "encode", use: (worker: WorkerProcess) => Promise<T>): Promise<T> {
  const persistTo = await mkdtemp(path.join(tmpdir(), "aar-memory-bench-"));
  const worker = await startWorkerProcess({ configs: [`scripts/bench/edge/workers/${name}.toml`], persistTo });
  try {
    return await use(worker);
  } finally {
    await worker.stop();
    await rm(persistTo, { recursive: true, force: true });
  }
}

async function ask(worker: WorkerProcess, text: string, times: number): Promise<unknown> {
  const query = new URLSearchParams({ text, times: String(times) }).toString();
  const answer = await (await fetch(`${worker.origin}/?${query}`)).text();
  return answer.startsWith("{") ? JSON.parse(answer) : answer;
}
