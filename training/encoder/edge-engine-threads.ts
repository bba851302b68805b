import { Worker } from "node:worker_threads";
import { z } from "zod";
import type { EmbeddingEngine } from "../../src/encoder/edge-encoder.ts";
import type { EdgeEngine, EngineOutput } from "../../src/encoder/engine/edge-engine.ts";
import type { LoadEngineOptions } from "../../src/encoder/engine/load-engine.ts";
import { AppError, SYSTEM_ERROR_CODES, USER_ERROR_CODES } from "../../src/shared/errors.ts";

/** What an engine is loaded from, in this thread or another. */
export interface EngineSource extends Pick<LoadEngineOptions, "expected" | "rows"> {
  readonly modelPath: string;
}

/** One pass, as a thread is told of it. */
export interface ThreadRequest {
  readonly texts: readonly (readonly number[])[];
  readonly output: EngineOutput;
}

const threadReplySchema = z.union([
  z.strictObject({ embeddings: z.array(z.custom<Float32Array>((value) => value instanceof Float32Array)) }),
  z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) }),
]);
export type ThreadReply = z.infer<typeof threadReplySchema>;

const ENTRY = new URL("./edge-engine-thread.ts", import.meta.url);

/**
 * An engine that runs several passes at the same time, each in a thread with an engine of its own: a pass is single-threaded. The bits are
 * those of one engine, since an embedding does not depend on the other texts. Threads are started by the first call of several
 * passes, and end with the process; what is one pass is done here.
 */
export function overThreads(
  engine: EdgeEngine,
  { threads, ...source }: EngineSource & { readonly threads: number },
): EmbeddingEngine {
  const idle: EngineThread[] = [];
  return {
    header: engine.header,
    maxTokens: engine.maxTokens,
    passesAtOnce: threads,
    async embed(texts, output, passes) {
      if (passes === 1) {
        return engine.embed(texts, output);
      }
      const thread = idle.pop() ?? startThread(source);
      const embeddings = await thread.embed({ texts, output });
      idle.push(thread);
      return embeddings;
    },
  };
}

interface EngineThread {
  embed(request: ThreadRequest): Promise<readonly Float32Array[]>;
}

/** A thread that keeps the process alive only while it is at work. */
function startThread(source: EngineSource): EngineThread {
  const worker = new Worker(ENTRY, { workerData: source, execArgv: [] });
  return {
    async embed(request) {
      worker.ref();
      try {
        const reply = nextReply(worker);
        worker.postMessage(request);
        return await reply;
      } finally {
        worker.unref();
      }
    },
  };
}

async function nextReply(worker: Worker): Promise<readonly Float32Array[]> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const onExit = (code: number): void => reject(new AppError("internal", `an encoding thread ended with code ${code}`));
  worker.once("message", resolve).once("error", reject).once("exit", onExit);
  try {
    const reply = threadReplySchema.parse(await promise);
    if ("embeddings" in reply) {
      return reply.embeddings;
    }
    const { code, message } = reply.error;
    throw new AppError(
      [...USER_ERROR_CODES, ...SYSTEM_ERROR_CODES].find((known) => known === code) ?? "internal",
      message,
    );
  } finally {
    worker.off("message", resolve).off("error", reject).off("exit", onExit);
  }
}
