import type { MiddlewareHandler } from "hono";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";

/** A middleware for some requests only. (hono's `except` does the same, at the price of several closures a request.) */
export function onlyWhen(
  isWanted: (c: HttpContext) => boolean,
  middleware: MiddlewareHandler<HttpEnvironment>,
): MiddlewareHandler<HttpEnvironment> {
  return (c, next) => (isWanted(c) ? middleware(c, next) : next());
}
