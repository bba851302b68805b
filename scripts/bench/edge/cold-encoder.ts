import { startEncodeWorker } from "./encode-worker.ts";
import type { BenchEncoder } from "./encoder-folders.ts";
import { ENCODER_FOLDERS, publishEncoders } from "./encoder-folders.ts";
import { median, time } from "./statistics.ts";

const STARTS = 5;
const ENCODERS = ["edge", "onnx"] as const satisfies readonly BenchEncoder[];

/**
 * Milliseconds from the first request to a freshly started workerd, whose isolate is made and has its modules, to the first
 * embedding: manifest, tokenizer and weights are read and checked, the engine is made, a query of 16 tokens is
 * embedded. This project's engine beside onnxruntime-web, each in a Worker that has no other engine; medians, taking turns.
 */
export async function benchColdEncoder(): Promise<Record<string, number>> {
  await publishEncoders(ENCODER_FOLDERS);
  const samples: Record<(typeof ENCODERS)[number], number[]> = { edge: [], onnx: [] };
  for (let start = 0; start < STARTS; start += 1) {
    for (const encoder of ENCODERS) {
      const worker = await startEncodeWorker(encoder);
      samples[encoder].push(await time(() => worker.embed("river ".repeat(14), 1)));
      await worker.stop();
    }
  }
  const [edge, onnx] = [median(samples.edge), median(samples.onnx)];
  return { edge_first_embedding_ms: edge, onnx_web_first_embedding_ms: onnx, edge_over_onnx_web: edge / onnx };
}
