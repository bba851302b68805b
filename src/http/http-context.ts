import type { Context } from "hono";
import type { StageTimings } from "./stage-timings.ts";

/** Values that the middleware puts on a request. */
interface HttpVariables {
  /** See `requestContext`; on every reply and log line. */
  requestId: string;
  /** Becomes the `Server-Timing` header. */
  timings: StageTimings;
  /** Facts a route adds to its access log line; never query text, passages or keys. */
  logFields: Record<string, string | number | boolean>;
}

export interface HttpEnvironment {
  Variables: HttpVariables;
}

export type HttpContext = Context<HttpEnvironment>;
