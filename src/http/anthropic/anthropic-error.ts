import type { AppError } from "../../shared/errors.ts";
import { errorStatus } from "../error-response.ts";
import type { NamedEvent } from "../sse.ts";

const TYPES: Readonly<Record<number, string | undefined>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

/** Anthropic's error body, in replies and in the `error` event of a stream. Our own code is in `details`. */
export function anthropicErrorBody(error: AppError, requestId: string): NamedEvent {
  const status = errorStatus(error);
  const { param } = error.details;
  return {
    type: "error",
    error: {
      type: TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error"),
      message: error.message,
      details: { error_code: error.code, param: typeof param === "string" ? param : null },
    },
    request_id: requestId,
  };
}
