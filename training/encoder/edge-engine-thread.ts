/** The program of one encoding thread: see `edge-engine-threads.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { toAppError } from "../../src/shared/errors.ts";
import type { EngineSource, ThreadReply, ThreadRequest } from "./edge-engine-threads.ts";
import { loadEdgeEngine } from "./load-edge-engine.ts";

const { modelPath, ...options } = workerData as EngineSource; // given by `overThreads`
const loading = loadEdgeEngine(modelPath, options);

async function embed({ texts, output }: ThreadRequest): Promise<ThreadReply> {
  try {
    const engine = await loading;
    return { embeddings: engine.embed(texts, output) };
  } catch (cause) {
    const { code, message } = toAppError(cause);
    return { error: { code, message } };
  }
}

parentPort?.on("message", (request: ThreadRequest) => {
  void embed(request).then((reply) => parentPort?.postMessage(reply));
});
