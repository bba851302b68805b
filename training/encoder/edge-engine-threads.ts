import { Piscina } from "piscina";
import type { EmbeddingEngine } from "../../src/encoder/edge-encoder.ts";
import type { EdgeEngine, EngineOutput } from "../../src/encoder/engine/edge-engine.ts";
import type { LoadEngineOptions } from "../../src/encoder/engine/load-engine.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { ErrorCode } from "../../src/shared/errors.ts";

/** What an engine is loaded from, in this thread or another. */
export interface EngineSource extends Pick<LoadEngineOptions, "expected" | "rows"> {
  readonly modelPath: string;
}

/** One pass, as a thread is told of it. */
export interface ThreadRequest {
  readonly texts: readonly (readonly number[])[];
  readonly output: EngineOutput;
}

/** An error keeps its class in no other way. */
export type ThreadReply =
  | { readonly embeddings: readonly Float32Array[] }
  | { readonly failed: { readonly code: ErrorCode; readonly message: string; readonly cause: unknown } };

/** An encoder that nobody uses any more ends its threads, of some 80 MB each, after it. */
const IDLE_MILLISECONDS = 1000;

/**
 * An engine that runs several passes at the same time, each in a thread with an engine of its own: a pass is single-threaded. The bits are
 * those of one engine, since an embedding does not depend on the other texts. At most `threads` are at work, for however many calls; they
 * are started by the first call of several passes, and do not keep the process from ending. What is one pass is done here.
 */
export function overThreads(
  engine: EdgeEngine,
  { threads, ...source }: EngineSource & { readonly threads: number },
): EmbeddingEngine {
  const pool = new Piscina<ThreadRequest, ThreadReply>({
    filename: new URL("./edge-engine-thread.ts", import.meta.url).href,
    name: "embed",
    workerData: source,
    execArgv: [],
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: IDLE_MILLISECONDS,
  });
  return {
    header: engine.header,
    maxTokens: engine.maxTokens,
    passesAtOnce: threads,
    async embed(texts, output, passes) {
      if (passes === 1) {
        return engine.embed(texts, output);
      }
      const reply = await pool.run({ texts, output });
      if ("embeddings" in reply) {
        return reply.embeddings;
      }
      const { code, message, cause } = reply.failed;
      throw new AppError(code, message, { cause });
    },
  };
}
