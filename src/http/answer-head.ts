import type { AnswerEvent } from "../rag/answer-event.ts";

/**
 * How long the passages of a stream wait for the target LM's first word. A provider that refuses does so within this time, and
 * is then told by a real HTTP status, which clients understand best; a slow one must not keep the passages from the reader.
 */
const GRACE_MILLISECONDS = 400;

export interface AnswerHeadOptions {
  /** Default `GRACE_MILLISECONDS`. */
  readonly graceMilliseconds?: number;
}

/**
 * Waits for the part of an answer that decides the HTTP status: retrieval, and for a little while the target LM's first event.
 * Resolves to all events, none lost. Rejects with what went wrong up to there.
 */
export async function answerHead(
  events: AsyncGenerator<AnswerEvent>,
  { graceMilliseconds = GRACE_MILLISECONDS }: AnswerHeadOptions = {},
): Promise<AsyncGenerator<AnswerEvent>> {
  const first = await events.next();
  if (first.done === true || first.value.type !== "retrieval-end") {
    return resume([Promise.resolve(first)], events);
  }
  const second = events.next();
  const grace = Promise.withResolvers<void>();
  const timer = setTimeout(grace.resolve, graceMilliseconds);
  try {
    await Promise.race([second, grace.promise]);
  } finally {
    clearTimeout(timer);
  }
  // A rejection after the grace is met when the stream gets there; until then it must not count as unhandled.
  second.catch(() => undefined);
  return resume([Promise.resolve(first), second], events);
}

async function* resume(
  head: readonly Promise<IteratorResult<AnswerEvent>>[],
  rest: AsyncGenerator<AnswerEvent>,
): AsyncGenerator<AnswerEvent> {
  try {
    for (const promise of head) {
      const result = await promise;
      if (result.done === true) {
        return;
      }
      yield result.value;
    }
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
