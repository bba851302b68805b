import type { MiddlewareHandler } from "hono";
import type { RateWindowState } from "../../usage/key-ledger.ts";
import type { HttpEnvironment } from "../http-context.ts";

/** Says in OpenAI's headers what is left of the key's limits; nothing where there are none. Refusals have them too. */
export function rateLimitHeaders(): MiddlewareHandler<HttpEnvironment> {
  return async function rateLimitHeaders(c, next) {
    await next();
    // Public routes have no meter.
    const { requests, tokens } = (c.get("meter") as HttpEnvironment["Variables"]["meter"] | undefined)?.rateState ?? {};
    setHeaders(c.res.headers, "requests", requests);
    setHeaders(c.res.headers, "tokens", tokens);
  };
}

function setHeaders(headers: Headers, kind: string, state: RateWindowState | undefined): void {
  if (state !== undefined) {
    headers.set(`x-ratelimit-limit-${kind}`, String(state.limit));
    headers.set(`x-ratelimit-remaining-${kind}`, String(state.remaining));
    headers.set(`x-ratelimit-reset-${kind}`, `${(Math.max(0, state.resetMs) / 1000).toFixed(3)}s`);
  }
}
