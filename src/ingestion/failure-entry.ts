import { toAppError } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";

/** The log's line of a step that failed. Never has anything of a document in it. */
export function failureEntry(step: string, thrown: unknown): JsonObject {
  const { code, message, cause } = toAppError(thrown);
  return {
    event: "ingestion",
    step,
    error_code: code,
    error: message,
    cause: cause instanceof Error ? cause.message : "",
  };
}
