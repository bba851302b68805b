import type { MiddlewareHandler } from "hono";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { RequestReport } from "../request-report.ts";
import { routeAccess } from "../route-access.ts";
import { StageTimings } from "../stage-timings.ts";

/** A client's own request id is taken over when it is this harmless: it ends up in headers and in logs. */
const SANE_REQUEST_ID = /^[\w.:=-]{1,128}$/;

/** Gives every request an id (the client's `x-request-id` or a new one) and a clock, and puts id and `Server-Timing` on the reply. */
export function requestContext({ now }: { readonly now: () => number }): MiddlewareHandler<HttpEnvironment> {
  return async function requestContext(c, next) {
    const given = c.req.header("x-request-id");
    const requestId = given !== undefined && SANE_REQUEST_ID.test(given) ? given : crypto.randomUUID();
    const timings = new StageTimings(now);
    c.set("requestId", requestId);
    c.set("timings", timings);
    const report = new RequestReport();
    c.set("report", report);
    c.set("logFields", {});
    c.set("routeAccess", routeAccess(c.req.method, c.req.path) ?? "authenticated");
    await next();
    setHeaders(c, {
      "x-request-id": requestId,
      // Where Anthropic's clients look for it.
      "request-id": requestId,
      "server-timing": timings.toHeader(),
      ...report.headers,
    });
  };
}

function setHeaders(c: HttpContext, headers: Readonly<Record<string, string>>): void {
  try {
    for (const [name, value] of Object.entries(headers)) {
      c.res.headers.set(name, value);
    }
  } catch {
    // Replies of the static asset binding have headers that cannot be changed; those of a copy can.
    const copy = new Response(c.res.body, c.res);
    for (const [name, value] of Object.entries(headers)) {
      copy.headers.set(name, value);
    }
    c.res = copy;
  }
}
