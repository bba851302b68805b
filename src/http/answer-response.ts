import type { AnswerEvent } from "../rag/answer-event.ts";
import { answerHead } from "./answer-head.ts";
import { type AnswerFrames, answerStream } from "./answer-stream.ts";
import type { RouteDependencies } from "./app-dependencies.ts";
import type { HttpContext } from "./http-context.ts";

export interface AnswerResponseOptions {
  readonly events: AsyncGenerator<AnswerEvent>;
  readonly frames: AnswerFrames;
  readonly abort: () => void;
  readonly log: RouteDependencies["log"];
}

/** A streamed answer as a reply. Throws what goes wrong before its head is decided; later, the stream says it. */
export async function answerResponse(
  c: HttpContext,
  { events, frames, abort, log }: AnswerResponseOptions,
): Promise<Response> {
  const requestId = c.get("requestId");
  const timings = c.get("timings");
  const logFields = c.get("logFields");
  const stream = answerStream({
    events: await answerHead(events),
    frames,
    abort,
    // The access log line of a stream is written at its first byte; how it ended is known here only.
    onEnd: (error) =>
      log({
        event: "stream-end",
        request_id: requestId,
        duration_ms: timings.elapsed(),
        ...logFields,
        ...(error === undefined ? {} : { error_code: error.code }),
      }),
  });
  return new Response(stream, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      // Compression collects bytes, and miniflare's loses the news that the client went away.
      "content-encoding": "identity",
      // `no-transform` and nginx's switch keep proxies from collecting a stream before they pass it on.
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    },
  });
}
