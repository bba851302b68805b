import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { HttpEnvironment } from "../http-context.ts";

/** A browser asks again after a day at most; Chromium caps it at two hours. */
const PREFLIGHT_MAX_AGE_SECONDS = 86_400;

/**
 * CORS for the client routes, by the configured origins ("*" for any, none for no CORS at all). The admin routes have none:
 * no page has any business uploading.
 */
export function crossOrigin({ origins }: { readonly origins: readonly string[] }): MiddlewareHandler<HttpEnvironment> {
  return cors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "POST", "OPTIONS"],
    // `allowHeaders` is left out on purpose: the official clients send a dozen `x-stainless-*` headers, so ask and be given.
    exposeHeaders: [
      "x-request-id",
      "server-timing",
      "x-cache",
      "x-degraded",
      "retry-after",
      "retry-after-ms",
      "x-should-retry",
      "idempotency-replayed",
      ...["limit", "remaining", "reset"].flatMap((what) => [
        `x-ratelimit-${what}-requests`,
        `x-ratelimit-${what}-tokens`,
      ]),
    ],
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
  });
}
