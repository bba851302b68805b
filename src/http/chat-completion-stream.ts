import type { AnswerEvent } from "../rag/answer-event.ts";
import { toAppError, type AppError } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";
import { errorBody } from "./error-response.ts";
import { dataFrame, DONE_FRAME, KEEP_ALIVE_FRAME } from "./sse.ts";

/** Proxies and load balancers commonly close a connection that is quiet for 30 to 60 s. */
const KEEP_ALIVE_MILLISECONDS = 10_000;

export interface ChatCompletionStreamOptions {
  readonly events: AsyncGenerator<AnswerEvent>;
  readonly chunks: { render(event: AnswerEvent): readonly JsonObject[] };
  /** Called when the client goes away: has to end `events`. */
  readonly abort: () => void;
  /** Called once: without an error when the stream ended with `[DONE]`. */
  readonly onEnd: (error?: AppError) => void;
  /** Default `KEEP_ALIVE_MILLISECONDS`. */
  readonly keepAliveMilliseconds?: number;
}

/**
 * An answer as OpenAI's event stream. Only an answer that came to its `end` is closed with `[DONE]`; everything else ends in
 * an error frame, because openai-node takes a stream that just stops for a complete one.
 */
export function chatCompletionStream({
  events,
  chunks,
  abort,
  onEnd,
  keepAliveMilliseconds = KEEP_ALIVE_MILLISECONDS,
}: ChatCompletionStreamOptions): ReadableStream<Uint8Array> {
  let pending: Promise<IteratorResult<AnswerEvent>> | undefined;
  let ended = false;

  async function nextFrames(): Promise<{ readonly frames: readonly Uint8Array[]; readonly last: boolean }> {
    pending ??= events.next();
    const result = await orSilence(pending, keepAliveMilliseconds);
    if (result === SILENCE) {
      return { frames: [KEEP_ALIVE_FRAME], last: false };
    }
    pending = undefined;
    if (result.done === true) {
      throw new Error("the answer stopped before its end event");
    }
    const frames = chunks.render(result.value).map(dataFrame);
    return result.value.type === "end" ? { frames: [...frames, DONE_FRAME], last: true } : { frames, last: false };
  }

  function end(error?: AppError): void {
    if (!ended) {
      ended = true;
      onEnd(error);
    }
  }

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        // A `pull` that enqueues nothing is not called again, and some events have no chunk.
        for (let sent = 0; sent === 0 && !ended;) {
          const { frames, last } = await nextFrames();
          for (const frame of frames) {
            controller.enqueue(frame);
          }
          sent = frames.length;
          if (last) {
            end();
            controller.close();
          }
        }
      } catch (thrown) {
        if (!ended) {
          const error = toAppError(thrown);
          end(error);
          controller.enqueue(dataFrame({ ...errorBody(error) }));
          controller.close();
        }
      }
    },
    cancel() {
      abort();
      end();
    },
  });
}

const SILENCE = Symbol("silence");

async function orSilence<Value>(promise: Promise<Value>, milliseconds: number): Promise<Value | typeof SILENCE> {
  const silence = Promise.withResolvers<typeof SILENCE>();
  const timer = setTimeout(() => silence.resolve(SILENCE), milliseconds);
  try {
    return await Promise.race([promise, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}
