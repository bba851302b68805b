import type { MiddlewareHandler } from "hono";
import type { HttpEnvironment } from "../http-context.ts";
import { RequestReport } from "../request-report.ts";
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
    await next();
    // Set on a copy: replies of the static asset binding have immutable headers.
    const headers = new Headers(c.res.headers);
    headers.set("x-request-id", requestId);
    headers.set("server-timing", timings.toHeader());
    for (const [name, value] of Object.entries(report.headers)) {
      headers.set(name, value);
    }
    c.res = new Response(c.res.body, { status: c.res.status, statusText: c.res.statusText, headers });
  };
}
