import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { MetricsHub } from "../../metrics/metrics-hub.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";

/** Counts every request by its route, and what it had to do without. */
export function measure(hub: Pick<MetricsHub, "metrics" | "tick">): MiddlewareHandler<HttpEnvironment> {
  return async function measure(c, next) {
    await next();
    const { method } = c.req;
    hub.metrics.count("aar_requests_total", { route: routeOf(c), method: knownMethod(method), status: c.res.status });
    for (const what of c.get("report").degraded) {
      hub.metrics.count("aar_degraded_total", { what });
    }
    hub.tick();
  };
}

/** The route's pattern, not the path: names of collections are no labels. */
export function routeOf(c: HttpContext): string {
  return matchedRoutes(c).findLast(({ method }) => method !== "ALL")?.path ?? "(none)";
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** A client may send any word as a method. */
function knownMethod(method: string): string {
  return METHODS.has(method) ? method : "(other)";
}
