import type { MiddlewareHandler } from "hono";
import { AppError } from "../../shared/errors.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";

const HEADER = "x-request-timeout-ms";

/** An hour: longer than any provider answers. */
const MAX_MILLISECONDS = 3_600_000;

/** What listens to the request's signal says so itself by then, and says more; what does not is not waited for. */
const GRACE_MILLISECONDS = 250;

export interface RequestDeadlineOptions {
  /** Of the configuration; undefined: none. */
  readonly timeoutMs: number | undefined;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/**
 * One deadline for all stages of a request: the configuration's, or the client's own `x-request-timeout-ms` where that is
 * shorter. It fires the request's signal, which every stage listens to, with `deadline_exceeded` (504; in a stream, its error
 * frame), and `remainingMs` tells stages what is left.
 */
export function requestDeadline({ timeoutMs, now }: RequestDeadlineOptions): MiddlewareHandler<HttpEnvironment> {
  return async function requestDeadline(c, next) {
    const asked = askedTimeout(c);
    if (asked === undefined && timeoutMs === undefined) {
      c.set("remainingMs", () => Number.POSITIVE_INFINITY);
      await next();
      return;
    }
    const milliseconds = Math.min(asked ?? Number.POSITIVE_INFINITY, timeoutMs ?? Number.POSITIVE_INFINITY);
    const startedAt = now();
    const deadline = new AbortController();
    const overdue = Promise.withResolvers<never>();
    const error = new AppError("deadline_exceeded", `the request was not done within ${milliseconds} ms`, {
      details: { timeoutMs: milliseconds },
    });
    setTimeout(() => deadline.abort(error), milliseconds);
    const grace = setTimeout(() => overdue.reject(error), milliseconds + GRACE_MILLISECONDS);
    c.set("remainingMs", () => Math.max(0, milliseconds - (now() - startedAt)));
    c.req.raw = new Request(c.req.raw, { signal: AbortSignal.any([c.req.raw.signal, deadline.signal]) });
    try {
      await Promise.race([next(), overdue.promise]);
    } finally {
      // The first timer goes on: a stream has its head only, and has to end in time too.
      clearTimeout(grace);
    }
  };
}

function askedTimeout(c: HttpContext): number | undefined {
  const value = c.req.header(HEADER);
  if (value === undefined) {
    return undefined;
  }
  const milliseconds = /^\d{1,7}$/.test(value) ? Number(value) : Number.NaN;
  if (!(milliseconds >= 1 && milliseconds <= MAX_MILLISECONDS)) {
    throw new AppError("invalid_request", `${HEADER}: expected 1 to ${MAX_MILLISECONDS} milliseconds`, {
      details: { param: HEADER },
    });
  }
  return milliseconds;
}
