import type { MiddlewareHandler } from "hono";
import { AppError } from "../../shared/errors.ts";
import type { HttpEnvironment } from "../http-context.ts";

export interface SameOriginOptions {
  /**
   * Nobody needs a key. Then a page of this Worker's own origin counts only under an address that nobody else can make mean
   * this machine: an attacker's name can (DNS rebinding), and his page is of the same origin then.
   */
  readonly isOpen: boolean;
  /** Other origins to let in, "*" for any. Default: none. */
  readonly allowed?: readonly string[];
}

/**
 * Refuses requests that a page of another site sends. Local routes are open, and a POST needs no preflight: without this, any
 * site open in the same browser could write to the index on localhost, or read it. Browsers send `Origin` with every POST,
 * PUT and DELETE, and with every request to another site; programs send none and are let in.
 */
export function sameOrigin({ isOpen, allowed = [] }: SameOriginOptions): MiddlewareHandler<HttpEnvironment> {
  return async function sameOrigin(c, next) {
    const origin = c.req.header("origin");
    if (origin !== undefined && !allowed.includes("*") && !allowed.includes(origin)) {
      const own = new URL(c.req.url);
      if (origin !== own.origin || (isOpen && !isFixedAddress(own.hostname))) {
        const message = `this route is not for pages of other origins (${origin.slice(0, 200)})`;
        throw new AppError("forbidden", isOpen ? `${message}; CORS_ORIGINS lists those of the client routes` : message);
      }
    }
    await next();
  };
}

/** An IP address (as `URL` writes it) or a loopback name: nobody's DNS decides what it means. */
function isFixedAddress(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|\d+\.\d+\.\d+\.\d+|\[.+\])$/.test(hostname);
}
