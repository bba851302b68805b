import type { AppError, ErrorCode } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";

/** OpenAI's error body, in JSON replies and in the error frame of a stream. */
export type ErrorBody = {
  readonly error: {
    readonly message: string;
    readonly type: ErrorType;
    readonly param: string | null;
    readonly code: ErrorCode;
  };
};

type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "rate_limit_error"
  | "insufficient_quota"
  | "upstream_error"
  | "server_error";

/** The only place that knows HTTP status codes; a code of `AppError` without a row does not compile. */
const RENDERING: Readonly<Record<ErrorCode, readonly [status: number, type: ErrorType]>> = {
  invalid_request: [400, "invalid_request_error"],
  invalid_json: [400, "invalid_request_error"],
  body_too_large: [413, "invalid_request_error"],
  query_too_long: [400, "invalid_request_error"],
  invalid_filter: [400, "invalid_request_error"],
  unauthenticated: [401, "authentication_error"],
  forbidden: [403, "permission_error"],
  rate_limited: [429, "rate_limit_error"],
  budget_exhausted: [402, "insufficient_quota"],
  idempotency_conflict: [409, "invalid_request_error"],
  idempotency_mismatch: [422, "invalid_request_error"],
  unknown_route: [404, "invalid_request_error"],
  method_not_allowed: [405, "invalid_request_error"],
  unknown_model: [404, "invalid_request_error"],
  unknown_adapter: [404, "invalid_request_error"],
  unknown_collection: [404, "invalid_request_error"],
  unknown_document: [404, "invalid_request_error"],
  unknown_file: [404, "invalid_request_error"],
  unsupported_format: [400, "invalid_request_error"],
  unknown_key: [404, "invalid_request_error"],
  dims_mismatch: [400, "invalid_request_error"],
  fingerprint_mismatch: [409, "invalid_request_error"],
  stream_unsupported: [400, "invalid_request_error"],
  vector_limit: [400, "invalid_request_error"],
  index_full: [422, "invalid_request_error"],
  invalid_artifact: [500, "server_error"], // offline only; a Worker that meets one has a defect
  check_failed: [500, "server_error"], // as above
  command_failed: [500, "server_error"], // as above
  training_diverged: [500, "server_error"], // as above
  metering_failed: [503, "server_error"],
  configuration_invalid: [500, "server_error"],
  host_not_allowed: [500, "server_error"], // hosts come from the configuration only: the operator's to mend
  encoder_failed: [500, "server_error"],
  ingestion_failed: [500, "server_error"],
  retrieval_failed: [503, "server_error"],
  upstream_rejected: [502, "upstream_error"],
  upstream_rate_limited: [429, "rate_limit_error"],
  upstream_unavailable: [502, "upstream_error"],
  upstream_timeout: [504, "upstream_error"],
  upstream_cut: [502, "upstream_error"],
  upstream_malformed: [502, "upstream_error"],
  deadline_exceeded: [504, "server_error"],
  aborted: [499, "server_error"], // nginx's "client closed request": nobody reads it but the access log
  internal: [500, "server_error"],
};

/** Refusals of the provider that the client's own parameters caused; its other 4xx are the operator's (key, model name). */
const PASSED_UPSTREAM_STATUS: ReadonlySet<unknown> = new Set([400, 413, 422]);

/** HTTP status of an error. */
export function errorStatus({ code, details }: AppError): number {
  const upstreamStatus = details["status"];
  if (
    code === "upstream_rejected" &&
    typeof upstreamStatus === "number" &&
    PASSED_UPSTREAM_STATUS.has(upstreamStatus)
  ) {
    return upstreamStatus;
  }
  return RENDERING[code][0];
}

/** OpenAI's JSON of an error. Nothing but the message, the code and the parameter leaves the Worker: no cause, no stack. */
export function errorBody({ code, message, details }: AppError): ErrorBody {
  const param = details["param"];
  return {
    error: { message, type: RENDERING[code][1], param: typeof param === "string" ? param : null, code },
  };
}

/**
 * The whole HTTP reply, in OpenAI's shape unless another `body` is given. `x-should-retry` is what the official clients of
 * OpenAI and Anthropic obey: without it they would repeat every 409 and 5xx, also those that cannot succeed.
 */
export function errorResponse(error: AppError, body: JsonObject = { ...errorBody(error) }): Response {
  const headers = new Headers({ "x-should-retry": String(error.isRetryable) });
  const { retryAfterMs, allow } = error.details;
  if (typeof retryAfterMs === "number" && Number.isFinite(retryAfterMs)) {
    headers.set("retry-after", String(Math.ceil(retryAfterMs / 1000)));
    headers.set("retry-after-ms", String(Math.ceil(retryAfterMs)));
  }
  if (Array.isArray(allow)) {
    headers.set("allow", allow.join(", "));
  }
  if (error.code === "unauthenticated") {
    headers.set("www-authenticate", "Bearer");
  }
  return Response.json(body, { status: errorStatus(error), headers });
}
