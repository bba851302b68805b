import { createParser, type EventSourceMessage } from "eventsource-parser";
import { AppError } from "../shared/errors.ts";
import type { Watchdog } from "./watchdog.ts";

/** Characters of one event. Images and audio travel as base64 inside events, a runaway line does not end. */
const MAX_EVENT_CHARACTERS = 8 * 1024 * 1024;

/**
 * Reads server-sent events as they arrive. Throws `upstream_cut` when the connection breaks, `upstream_malformed` for an
 * event without end, and the watchdog's reason when that barks. A clean end is not judged here: whether the provider
 * said its last word is for the caller to know. Leaving the loop early cancels the body.
 */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  watchdog: Watchdog,
): AsyncGenerator<EventSourceMessage, void, void> {
  const events: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (event) => {
      events.push(event);
    },
    onError: (error) => {
      // An unknown field is to be ignored by the standard.
      if (error.type === "max-buffer-size-exceeded") {
        throw new AppError("upstream_malformed", `a server-sent event exceeds ${MAX_EVENT_CHARACTERS} characters`);
      }
    },
    maxBufferSize: MAX_EVENT_CHARACTERS,
  });
  const decoder = new TextDecoder();
  for await (const bytes of readBody(body, watchdog)) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    yield* events.splice(0);
  }
  // Some servers end without the blank line that ends an event; what is whole then counts, half an event never does.
  parser.feed(`${decoder.decode()}\n\n`);
  yield* events.splice(0).filter(({ data }) => data === "[DONE]" || isJson(data));
}

/** Chunks of a body under a watchdog, whether or not the body itself listens to a signal. */
export async function* readBody(
  body: ReadableStream<Uint8Array>,
  watchdog: Watchdog,
): AsyncGenerator<Uint8Array, void, void> {
  const { signal } = watchdog;
  const reader = body.getReader();
  const cancel = (): void => {
    // Frees a read that would wait for ever; a body that is broken already rejects, and that is no news.
    reader.cancel(signal.reason).catch(() => undefined);
  };
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      watchdog.touch();
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      // Until we read on, the one who takes its time is our own reader.
      watchdog.pause();
      if (done) {
        return;
      }
      yield value;
    }
  } catch (error) {
    if (error instanceof AppError) {
      throw error;
    }
    signal.throwIfAborted();
    throw new AppError("upstream_cut", "the connection to the target LM broke before the answer was complete", {
      cause: error,
    });
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

/** The JSON of one event. Throws `upstream_malformed` that shows how the event begins. */
export function parseEvent(data: string, label: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    const message = `${label} sent an event that is not JSON: ${data.slice(0, 40)}`;
    throw new AppError("upstream_malformed", message, { isRetryable: true });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
