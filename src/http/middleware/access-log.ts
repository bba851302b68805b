import type { MiddlewareHandler } from "hono";
import { toAppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { HttpEnvironment } from "../http-context.ts";

/** One JSON object a request. What is asked, what is found and who asks with which key is never in it. */
export function accessLog({ log }: { readonly log: (entry: JsonObject) => void }): MiddlewareHandler<HttpEnvironment> {
  return async function accessLog(c, next) {
    await next();
    log({
      event: "request",
      request_id: c.get("requestId"),
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      duration_ms: c.get("timings").elapsed(),
      ...c.get("logFields"),
      ...c.get("report").logFields,
      ...(c.error === undefined ? {} : describeError(c.error)),
    });
  };
}

/** A defect of ours is logged with its cause and stack: the reply has neither. */
function describeError(thrown: Error): JsonObject {
  const error = toAppError(thrown);
  if (error.code !== "internal") {
    return { error_code: error.code };
  }
  const cause = error.cause instanceof Error ? error.cause : error;
  return { error_code: error.code, error: cause.message, stack: cause.stack ?? "" };
}
