import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import { median, time } from "./statistics.ts";
import { startWorkerProcess } from "./worker-process.ts";

const ENCODER = path.resolve(import.meta.dirname, "../../../src/assets/encoder");
const LENGTHS = [16, 32, 128] as const;
const ROUNDS = 9;

/** Encodes of one measurement: enough for some 200 ms, so that a request's own cost is small beside them. */
const TIMES = { 16: 16, 32: 10, 128: 3 } as const;

/** Embeds a text so many times, one after the other. */
type Engine = (text: string, times: number) => Promise<void>;

/**
 * Milliseconds to embed one text, tokenising and pooling included, one thread: in workerd, by the same onnxruntime-web in
 * Node, and by onnxruntime-node. Medians of interleaved rounds; a request that embeds nothing is subtracted from workerd's.
 */
export async function benchEncode(): Promise<Record<string, number>> {
  const persistTo = await mkdtemp(path.join(tmpdir(), "aar-encode-bench-"));
  const worker = await startWorkerProcess({ configs: ["scripts/bench/edge/workers/encode.toml"], persistTo });
  try {
    const engines: Record<string, Engine> = {
      workerd: (text, times) => askWorker(worker.origin, text, times),
      web_in_node: inNode(await loadEncoder(ENCODER, { runtime: "web" })),
      node: inNode(await loadEncoder(ENCODER)),
    };
    const results: Record<string, number> = {};
    for (const tokens of LENGTHS) {
      const milliseconds = await measure(engines, tokens);
      const { workerd = NaN, web_in_node: webInNode = NaN, node = NaN } = milliseconds;
      for (const [engine, value] of Object.entries(milliseconds)) {
        results[`${engine}_${tokens}_ms`] = value;
      }
      results[`workerd_over_web_in_node_${tokens}`] = workerd / webInNode;
      results[`workerd_over_node_${tokens}`] = workerd / node;
    }
    return results;
  } finally {
    await worker.stop();
    await rm(persistTo, { recursive: true, force: true });
  }
}

async function measure(
  engines: Readonly<Record<string, Engine>>,
  tokens: (typeof LENGTHS)[number],
): Promise<Record<string, number>> {
  const text = Array.from({ length: tokens - 2 }, () => "river").join(" "); // and [CLS] and [SEP]
  const samples: Record<string, number[]> = {};
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [name, engine] of Object.entries(engines)) {
      const overhead = await time(() => engine(text, 0));
      const elapsed = await time(() => engine(text, TIMES[tokens]));
      if (round >= 0) {
        (samples[name] ??= []).push((elapsed - overhead) / TIMES[tokens]);
      }
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, median(values)]));
}

function inNode(encoder: Encoder): Engine {
  return async (text, times) => {
    for (let i = 0; i < times; i += 1) {
      await encoder.encodeQueries([text]);
    }
  };
}

async function askWorker(origin: string, text: string, times: number): Promise<void> {
  const response = await fetch(`${origin}/?${new URLSearchParams({ text, times: String(times) }).toString()}`);
  if (!response.ok) {
    throw new Error(`the encoder's Worker answered ${response.status}: ${await response.text()}`);
  }
  await response.arrayBuffer();
}
