import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startEncodeWorker } from "./encode-worker.ts";
import type { BenchEncoder } from "./encoder-folders.ts";
import { ENCODER_FOLDERS, publishEncoders } from "./encoder-folders.ts";
import { heapBytes } from "./isolate-memory.ts";
import { startWorkerProcess } from "./worker-process.ts";

const QUERIES = 1000;
const MEBIBYTE = 2 ** 20;

/**
 * Memory after 1,000 queries in MiB, by this project's engine and by onnxruntime-web, each in a Worker that has no other engine:
 * what the isolate holds, which is what Cloudflare limits to 128 MB (JavaScript heap, weights, WebAssembly memory; without
 * compiled code), and resident memory of workerd over that of one with an empty Worker, which has V8's compiled code and
 * workerd's own services in it too.
 */
export async function benchMemory(): Promise<Record<string, number>> {
  await publishEncoders(ENCODER_FOLDERS);
  const empty = await emptyWorkerMemory();
  const edge = await encoderMemory("edge");
  const onnx = await encoderMemory("onnx");
  return {
    edge_heap_mib: edge.heap,
    edge_web_assembly_mib: edge.webAssembly,
    edge_isolate_mib: edge.heap + edge.webAssembly,
    onnx_web_heap_mib: onnx.heap,
    onnx_web_web_assembly_mib: onnx.webAssembly,
    onnx_web_isolate_mib: onnx.heap + onnx.webAssembly,
    empty_worker_rss_mib: empty,
    edge_rss_over_empty_worker_mib: edge.resident - empty,
    onnx_web_rss_over_empty_worker_mib: onnx.resident - empty,
  };
}

interface Memory {
  readonly heap: number;
  readonly webAssembly: number;
  readonly resident: number;
}

async function encoderMemory(encoder: BenchEncoder): Promise<Memory> {
  const worker = await startEncodeWorker(encoder);
  try {
    for (let i = 0; i < QUERIES; i += 1) {
      await worker.embed(`Which country has the longest coastline, number ${i}?`, 1);
    }
    const { webAssemblyBytes } = await worker.embed("a long query about coastlines ".repeat(100), 1);
    const resident = worker.process.memory();
    const heap = await heapBytes(worker.process.inspector, () => worker.embed("", 1));
    return { resident, heap: heap / MEBIBYTE, webAssembly: webAssemblyBytes / MEBIBYTE };
  } finally {
    await worker.stop();
  }
}

async function emptyWorkerMemory(): Promise<number> {
  const persistTo = await mkdtemp(path.join(tmpdir(), "aar-memory-bench-"));
  const worker = await startWorkerProcess({ configs: ["scripts/bench/edge/workers/empty.toml"], persistTo });
  try {
    await (await fetch(worker.origin)).text();
    return worker.memory();
  } finally {
    await worker.stop();
    await rm(persistTo, { recursive: true, force: true });
  }
}
