import { abortError } from "../shared/abort-error.ts";
import { AppError } from "../shared/errors.ts";

export interface WithDeadlineOptions {
  /** Named in the error: "the dense leg". */
  readonly what: string;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for work that cannot be cancelled itself (D1, RPC, a forward pass). Throws `retrieval_failed` (retryable) at the
 * deadline and for a failure without a code of its own, `aborted` (or the signal's own error) when the signal fires; the work's late result or failure
 * is dropped.
 */
export async function withDeadline<T>(
  start: () => Promise<T>,
  { what, deadlineMs, signal }: WithDeadlineOptions,
): Promise<T> {
  if (signal?.aborted === true) {
    throw abortError(signal, abortedMessage(what));
  }
  let cleanUp = (): void => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `${what} did not answer within ${deadlineMs} ms`;
      reject(new AppError("retrieval_failed", message, { isRetryable: true, details: { deadlineMs } }));
    }, deadlineMs);
    const onAbort = (): void => {
      if (signal !== undefined) {
        reject(abortError(signal, abortedMessage(what)));
      }
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    cleanUp = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
  });
  try {
    return await Promise.race([start(), interrupted]);
  } catch (error) {
    throw error instanceof AppError
      ? error
      : new AppError("retrieval_failed", `${what} failed`, { cause: error, isRetryable: true });
  } finally {
    cleanUp();
  }
}

function abortedMessage(what: string): string {
  return `the request was aborted while waiting for ${what}`;
}
