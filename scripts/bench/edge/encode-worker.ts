import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import type { BenchEncoder } from "./encoder-folders.ts";
import { startWorkerProcess } from "./worker-process.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** The benchmarks' Workers that embed, each in a workerd of its own: those of the edge engine have no onnxruntime-web in them. */
const CONFIGS: Readonly<Record<BenchEncoder, string>> = {
  edge: "scripts/bench/edge/workers/encode.toml",
  tiny: "scripts/bench/edge/workers/encode.toml",
  onnx: "scripts/bench/edge/workers/encode-with-onnx.toml",
  other: "scripts/bench/edge/workers/encode-with-onnx.toml",
};

const answerSchema = z.object({ tokens: z.int(), webAssemblyBytes: z.int() });
type EncodeAnswer = z.infer<typeof answerSchema>;

export interface EncodeWorker {
  readonly process: WorkerProcess;
  /** Embeds a text so many times, one after the other, in one request. The encoder is loaded by the first request. */
  embed(text: string, times: number): Promise<EncodeAnswer>;
  stop(): Promise<void>;
}

/** A fresh workerd for one encoder (see `publishEncoders`). */
export async function startEncodeWorker(encoder: BenchEncoder): Promise<EncodeWorker> {
  const persistTo = await mkdtemp(path.join(tmpdir(), "aar-encode-bench-"));
  const worker = await startWorkerProcess({ configs: [CONFIGS[encoder]], persistTo });
  return {
    process: worker,
    async embed(text, times) {
      const query = new URLSearchParams({ encoder, text, times: String(times) });
      const response = await fetch(`${worker.origin}/?${query.toString()}`);
      const answer = await response.text();
      if (!response.ok || !answer.startsWith("{")) {
        throw new Error(`the encoder's Worker answered ${response.status}: ${answer}`);
      }
      return answerSchema.parse(JSON.parse(answer));
    },
    async stop() {
      await worker.stop();
      await rm(persistTo, { recursive: true, force: true });
    },
  };
}
