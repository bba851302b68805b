import { AppError } from "./errors.ts";

/**
 * Why a signal has fired, as an error: its own reason where that says more (`deadline_exceeded`), else `aborted`, the client
 * having gone away.
 */
export function abortError(signal: AbortSignal, message = "the client went away"): AppError {
  const reason: unknown = signal.reason;
  return reason instanceof AppError ? reason : new AppError("aborted", message, { cause: reason });
}
