import type { AnswerEvent } from "../rag/answer-event.ts";
import { toAppError, type AppError } from "../shared/errors.ts";

/** Proxies and load balancers commonly close a connection that is quiet for 30 to 60 s. */
const KEEP_ALIVE_MILLISECONDS = 10_000;

/** An answer in the frames of one protocol. */
export interface AnswerFrames {
  /** Frames of one event, in order; those of `end` close a stream that is complete. */
  render(event: AnswerEvent): readonly Uint8Array[];
  /** How the protocol says that it is not. */
  fail(error: AppError): readonly Uint8Array[];
  /** Sent while nothing comes. */
  readonly keepAlive: Uint8Array;
}

export interface AnswerStreamOptions {
  readonly events: AsyncGenerator<AnswerEvent>;
  readonly frames: AnswerFrames;
  /** Called when the client goes away: has to end `events`. */
  readonly abort: () => void;
  /** Called once: without an error when the stream came to its end. */
  readonly onEnd: (error?: AppError) => void;
  /** Default `KEEP_ALIVE_MILLISECONDS`. */
  readonly keepAliveMilliseconds?: number;
}

/**
 * An answer as an event stream. Only an answer that came to its `end` is closed as one; everything else ends in the
 * protocol's error, because openai-node takes a stream that just stops for a complete one.
 */
export function answerStream({
  events,
  frames: protocol,
  abort,
  onEnd,
  keepAliveMilliseconds = KEEP_ALIVE_MILLISECONDS,
}: AnswerStreamOptions): ReadableStream<Uint8Array> {
  let pending: Promise<IteratorResult<AnswerEvent>> | undefined;
  let ended = false;

  async function nextFrames(): Promise<{ readonly frames: readonly Uint8Array[]; readonly last: boolean }> {
    pending ??= events.next();
    const result = await orSilence(pending, keepAliveMilliseconds);
    if (result === SILENCE) {
      return { frames: [protocol.keepAlive], last: false };
    }
    pending = undefined;
    if (result.done === true) {
      throw new Error("the answer stopped before its end event");
    }
    return { frames: protocol.render(result.value), last: result.value.type === "end" };
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
          for (const frame of protocol.fail(error)) {
            controller.enqueue(frame);
          }
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
