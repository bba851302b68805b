import { abortError } from "../shared/abort-error.ts";
import { AppError } from "../shared/errors.ts";

export interface WatchdogOptions {
  /** What is being watched, for messages: `target LM "gpt-5"`. */
  readonly label: string;
  /** The client's signal. */
  readonly signal: AbortSignal;
  /** Deadline of the whole. */
  readonly timeoutMs: number;
  /** Longest silence; undefined when only the whole has a deadline. */
  readonly idleTimeoutMs?: number | undefined;
}

/** Ends one upstream request when the client leaves, the deadline passes, or nothing arrives for too long. */
export interface Watchdog {
  /** Aborted with an `AppError` as reason: `aborted`, `upstream_timeout`, or that of the client's signal. */
  readonly signal: AbortSignal;
  /** Says that something arrived, or that we begin to wait for it. */
  touch(): void;
  /** Expects nothing until the next `touch`: between attempts, and while the client does not read, silence is ours. */
  pause(): void;
  /** Lets go of timers and listeners; to be called once, whatever happened. */
  stop(): void;
}

/** Starts watching. */
export function createWatchdog({ label, signal, timeoutMs, idleTimeoutMs }: WatchdogOptions): Watchdog {
  const controller = new AbortController();
  const onClientAbort = (): void => {
    controller.abort(abortError(signal));
  };
  const expire = (message: string, milliseconds: number): void => {
    controller.abort(
      new AppError("upstream_timeout", `${label} ${message}`, {
        details: { timeoutMs: milliseconds },
        isRetryable: true,
      }),
    );
  };
  const deadline = setTimeout(expire, timeoutMs, `did not finish within ${timeoutMs} ms (timeout_ms)`, timeoutMs);

  // One timer that looks at the time of the last sign of life, not one timer for each of thousands of deltas.
  let lastTouch: number | undefined = Date.now();
  let idle: ReturnType<typeof setTimeout> | undefined;
  const watchSilence = (limit: number, wait: number): void => {
    idle = setTimeout(() => {
      const now = Date.now();
      const rest = (lastTouch ?? now) + limit - now;
      if (rest > 0) {
        watchSilence(limit, rest);
      } else {
        expire(`was silent for ${limit} ms (idle_timeout_ms)`, limit);
      }
    }, wait);
  };
  if (idleTimeoutMs !== undefined) {
    watchSilence(idleTimeoutMs, idleTimeoutMs);
  }

  signal.addEventListener("abort", onClientAbort, { once: true });
  if (signal.aborted) {
    onClientAbort();
  }
  return {
    signal: controller.signal,
    touch: () => {
      lastTouch = Date.now();
    },
    pause: () => {
      lastTouch = undefined;
    },
    stop: () => {
      clearTimeout(deadline);
      if (idle !== undefined) {
        clearTimeout(idle);
      }
      signal.removeEventListener("abort", onClientAbort);
    },
  };
}
