import type { Context } from "hono";
import type { RequestMeter } from "../usage/request-meter.ts";
import type { Access } from "./access.ts";
import type { RequestReport } from "./request-report.ts";
import type { RouteAccess } from "./route-access.ts";
import type { StageTimings } from "./stage-timings.ts";

/** Values that the middleware puts on a request. */
interface HttpVariables {
  /** See `requestContext`; on every reply and log line. */
  requestId: string;
  /** Who may call the request's route. */
  routeAccess: RouteAccess;
  /** Milliseconds until the request's deadline; infinite without one. */
  remainingMs: () => number;
  /** Becomes the headers `x-cache` and `x-degraded`. */
  report: RequestReport;
  /** Becomes the `Server-Timing` header. */
  timings: StageTimings;
  /** Who asks, and what that caller can reach; on every route that is not public. */
  access: Access;
  /** Counts what the request uses; on the same routes. */
  meter: RequestMeter;
  /** Facts a route adds to its access log line; never query text, passages or keys. */
  logFields: Record<string, string | number | boolean>;
}

export interface HttpEnvironment {
  Variables: HttpVariables;
}

export type HttpContext = Context<HttpEnvironment>;
