import pRetry from "p-retry";
import { AppError, toAppError } from "./errors.ts";

export interface RetryOptions {
  /** Aborting ends the waiting at once with the signal's reason. */
  readonly signal: AbortSignal;
  /** Further attempts after the first. */
  readonly retries?: number;
  /** Milliseconds before the first retry; each further wait doubles and is stretched by a random factor of 1 to 2. */
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
  /** A `details.retryAfterMs` above this is not waited for: the error is thrown, and says when to come back. */
  readonly maxRetryAfterMs?: number;
}

/**
 * Runs `attempt` again when it throws an `AppError` that `isRetryable`, with exponential backoff and jitter. A wait that
 * the other side asked for (`details.retryAfterMs`) is kept first, and the backoff comes on top, so that clients told
 * the same time do not return at the same instant. Throws the last error.
 */
export async function withRetry<Result>(
  attempt: (number: number) => Promise<Result>,
  { signal, retries = 2, minDelayMs = 400, maxDelayMs = 8_000, maxRetryAfterMs = 20_000 }: RetryOptions,
): Promise<Result> {
  return await pRetry(
    // p-retry takes a TypeError for a programming error and never repeats it; ours are all AppErrors.
    async (number) => {
      try {
        return await attempt(number);
      } catch (error) {
        throw toAppError(error);
      }
    },
    {
      signal,
      retries,
      minTimeout: minDelayMs,
      maxTimeout: maxDelayMs,
      randomize: true,
      shouldRetry: async ({ error }) => {
        const retryAfterMs = retryAfterOf(error);
        if (!(error instanceof AppError && error.isRetryable) || retryAfterMs > maxRetryAfterMs) {
          return false;
        }
        await sleep(retryAfterMs, signal);
        return true;
      },
    },
  );
}

function retryAfterOf(error: Error): number {
  const value = error instanceof AppError ? error.details["retryAfterMs"] : undefined;
  return typeof value === "number" ? value : 0;
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0) {
    return;
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => {
    reject(signal.reason);
  };
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
