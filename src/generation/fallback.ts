import { AppError, toAppError, type ErrorCode } from "../shared/errors.ts";
import { SupersededError } from "./superseded.ts";
import type { GenerateRequest, GenerationEvent, TargetLm } from "./target-lm.ts";

/** Failures that another model would share: the request itself is at fault, or nobody waits for an answer any more. */
const SHARED_FAILURES: ReadonlySet<ErrorCode> = new Set([
  "aborted",
  "deadline_exceeded",
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
 * Asks one model after the other until one of them says something: the next when no other is being asked any more, and also
 * when the last one asked has said nothing for its `hedgeAfterMs`; then they race. From its first event on a model answers, its
 * failure is the request's failure, and those it has overtaken are aborted. When all fail, throws the last one's error with
 * `details.attempts` of every model.
 */
export async function generateWithFallback(
  targets: readonly [TargetLm, ...TargetLm[]],
  options: FallbackOptions,
): Promise<FallbackOutcome> {
  const failures: Failure[] = [];
  const waiting = [...targets];
  const running = new Set<Attempt>();
  let latest: TargetLm | undefined;
  while (running.size > 0 || waiting.length > 0) {
    const next = waiting[0];
    const event = await nextEvent(running, next === undefined ? undefined : latest?.hedgeAfterMs);
    if (event === "silence") {
      waiting.shift();
      latest = next;
      if (next !== undefined) {
        running.add(begin(next, options));
      }
      continue;
    }
    const { attempt, outcome } = event;
    running.delete(attempt);
    if ("first" in outcome) {
      if (running.size > 0) {
        leave(running, new SupersededError());
      }
      return { target: attempt.target, events: resume(outcome.first, attempt.iterator) };
    }
    failures.push({ target: attempt.target.name, error: outcome.error });
    if (isSharedFailure(outcome.error)) {
      leave(running, outcome.error);
      break;
    }
  }
  throw summarise(failures);
}

interface Failure {
  readonly target: string;
  readonly error: AppError;
}

/** A model that was asked and has not said anything yet. */
interface Attempt {
  readonly target: TargetLm;
  readonly iterator: AsyncIterator<GenerationEvent>;
  readonly abort: AbortController;
  /** Never rejects. */
  readonly outcome: Promise<{
    readonly attempt: Attempt;
    readonly outcome: { readonly first: IteratorResult<GenerationEvent> } | { readonly error: AppError };
  }>;
}

function begin(target: TargetLm, { requestFor, signal }: FallbackOptions): Attempt {
  const abort = new AbortController();
  const events = target.generate(requestFor(target), { signal: AbortSignal.any([signal, abort.signal]) });
  const iterator = events[Symbol.asyncIterator]();
  const attempt: Attempt = {
    target,
    iterator,
    abort,
    outcome: iterator.next().then(
      (first) => ({ attempt, outcome: { first } }),
      (error: unknown) => ({ attempt, outcome: { error: toAppError(error) } }),
    ),
  };
  return attempt;
}

/** The first outcome; `silence` after `silenceMs` without one (undefined: never), or at once when nobody is being asked. */
async function nextEvent(
  running: ReadonlySet<Attempt>,
  silenceMs: number | undefined,
): Promise<Awaited<Attempt["outcome"]> | "silence"> {
  if (running.size === 0) {
    return "silence";
  }
  const outcomes = [...running].map(({ outcome }) => outcome);
  if (silenceMs === undefined) {
    return await Promise.race(outcomes);
  }
  const silence = Promise.withResolvers<"silence">();
  const timer = setTimeout(silence.resolve, silenceMs, "silence");
  try {
    return await Promise.race([...outcomes, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends requests whose answers nobody wants any more; what becomes of them is of no interest. */
function leave(attempts: Iterable<Attempt>, reason: AppError): void {
  for (const { abort, iterator } of attempts) {
    abort.abort(reason);
    iterator.return?.().catch(() => undefined);
  }
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

function summarise(failures: readonly Failure[]): AppError {
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
