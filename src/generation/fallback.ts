import { AppError, toAppError, type ErrorCode } from "../shared/errors.ts";
import type { GenerateRequest, GenerationEvent, TargetLm } from "./target-lm.ts";

/** Failures that another model would share: the request itself is at fault, or nobody waits for an answer any more. */
const SHARED_FAILURES: ReadonlySet<ErrorCode> = new Set([
  "aborted",
  "invalid_request",
  "stream_unsupported",
  "rate_limited",
  "budget_exhausted",
]);

export interface FallbackOptions {
  /** The request as one model is to get it; models differ in how they take passages. */
  readonly requestFor: (target: TargetLm) => GenerateRequest;
  readonly signal: AbortSignal;
}

export interface FallbackOutcome {
  /** The model that answers. */
  readonly target: TargetLm;
  readonly events: AsyncGenerator<GenerationEvent>;
}

/**
 * Asks one model after the other until one of them says something. From its first event on that model answers, and its
 * failure is the request's failure. When all fail, throws the last one's error with `details.attempts` of every model.
 */
export async function generateWithFallback(
  targets: readonly [TargetLm, ...TargetLm[]],
  { requestFor, signal }: FallbackOptions,
): Promise<FallbackOutcome> {
  const failures: { readonly target: string; readonly error: AppError }[] = [];
  for (const target of targets) {
    const iterator = target.generate(requestFor(target), { signal })[Symbol.asyncIterator]();
    try {
      const first = await iterator.next();
      return { target, events: resume(first, iterator) };
    } catch (error) {
      const failure = toAppError(error);
      failures.push({ target: target.name, error: failure });
      if (isSharedFailure(failure)) {
        break;
      }
    }
  }
  throw summarise(failures);
}

/** A provider's 400 and 422 speak of the request, not of the provider. */
function isSharedFailure({ code, details }: AppError): boolean {
  return (
    SHARED_FAILURES.has(code) ||
    (code === "upstream_rejected" && (details["status"] === 400 || details["status"] === 422))
  );
}

async function* resume(
  first: IteratorResult<GenerationEvent>,
  iterator: AsyncIterator<GenerationEvent>,
): AsyncGenerator<GenerationEvent> {
  try {
    for (let result = first; result.done !== true; result = await iterator.next()) {
      yield result.value;
    }
  } finally {
    // Reached early when the consumer leaves: lets the provider's request be cancelled.
    await iterator.return?.();
  }
}

function summarise(failures: readonly { readonly target: string; readonly error: AppError }[]): AppError {
  const last = failures.at(-1)?.error ?? new AppError("internal", "no target LM was tried");
  if (failures.length < 2) {
    return last;
  }
  const attempts = failures.map(({ target, error: { code, message } }) => ({ target, code, message }));
  return new AppError(last.code, `${last.message} (after ${attempts.length} models were tried)`, {
    cause: last.cause,
    isRetryable: last.isRetryable,
    details: { ...last.details, attempts },
  });
}
