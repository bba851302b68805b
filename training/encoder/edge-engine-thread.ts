/** The program of an encoding thread: see `edge-engine-threads.ts`. */
import { workerData } from "piscina";
import { AppError } from "../../src/shared/errors.ts";
import type { EngineSource, ThreadReply, ThreadRequest } from "./edge-engine-threads.ts";
import { loadEdgeEngine } from "./load-edge-engine.ts";

const { modelPath, ...options } = workerData as EngineSource; // given by `overThreads`
let loading: ReturnType<typeof loadEdgeEngine> | undefined;

/** One pass. What went wrong is part of the reply. */
export async function embed({ texts, output }: ThreadRequest): Promise<ThreadReply> {
  try {
    loading ??= loadEdgeEngine(modelPath, options);
    return { embeddings: (await loading).embed(texts, output) };
  } catch (cause) {
    const error =
      cause instanceof AppError
        ? cause
        : new AppError("encoder_failed", `an encoding thread failed: ${String(cause)}`, { cause });
    return { failed: { code: error.code, message: error.message, cause: error.cause } };
  }
}
