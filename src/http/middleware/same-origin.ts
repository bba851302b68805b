import type { MiddlewareHandler } from "hono";
import { AppError } from "../../shared/errors.ts";
import type { HttpEnvironment } from "../http-context.ts";

/**
 * Refuses requests that a page of another site sends. In local mode the admin routes are open, and a POST needs no preflight:
 * without this, any site open in the same browser could write to the index on localhost.
 */
export function sameOrigin(): MiddlewareHandler<HttpEnvironment> {
  return async function sameOrigin(c, next) {
    const origin = c.req.header("origin");
    if (origin !== undefined && origin !== new URL(c.req.url).origin) {
      throw new AppError("forbidden", `this route is not for pages of other origins (${origin.slice(0, 200)})`);
    }
    await next();
  };
}
