import type { AppError, ErrorCode } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";
import { errorStatus } from "./error-response.ts";

/** Dify's own codes; for everything else the status stands in for one. */
const DIFY_CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  unauthenticated: 1002,
  forbidden: 1002,
  unknown_collection: 2001,
};
const NO_BEARER_KEY = 1001;

/** The error body of Dify's External Knowledge API, which Dify shows to its users. */
export function difyErrorBody(error: AppError): JsonObject {
  const isKeyMissing = error.code === "unauthenticated" && error.details["isKeyMissing"] === true;
  return {
    error_code: isKeyMissing ? NO_BEARER_KEY : (DIFY_CODES[error.code] ?? errorStatus(error)),
    error_msg: error.message,
  };
}
