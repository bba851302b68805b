/** What the caller can mend. The comment says when each is thrown. */
export const USER_ERROR_CODES = [
  "invalid_request", // a field is missing, of the wrong type or out of range; `details.param` names it
  "invalid_json", // the body is not JSON
  "body_too_large", // the body exceeds the route's limit in bytes
  "query_too_long", // the query exceeds the limit in characters
  "invalid_filter", // a metadata filter breaks Vectorize's grammar or limits
  "unauthenticated", // no key, or an unknown one
  "forbidden", // a valid key without the right to this route
  "rate_limited", // one of the key's limits is reached; `details.retryAfterMs` unless it can never be kept
  "budget_exhausted", // what the key may spend in a month is spent, or would be by this request
  "idempotency_conflict", // the first request with this idempotency key is still under way
  "idempotency_mismatch", // the idempotency key was used for another request
  "unknown_route", // no such path
  "method_not_allowed", // the path exists, but not with this method; `details.allow` lists those it has
  "unknown_model", // no target LM or encoder of that name
  "unknown_adapter", // no query adapter of that name, in the collection or the configuration
  "unknown_collection", // no such collection
  "unknown_document", // no such document in the collection
  "unknown_file", // no such file, or batch of files
  "unsupported_format", // a document in a format that is not read here
  "unknown_key", // no API key of that id
  "dims_mismatch", // a vector has another number of dimensions than the index
  "fingerprint_mismatch", // vectors of one encoder meet an index built by another
  "stream_unsupported", // the target LM cannot stream
  "vector_limit", // one of Vectorize's documented limits is exceeded
  "index_full", // the embedded index is at its capacity: use Vectorize
  "invalid_artifact", // offline: a file of a stage is missing or malformed; the message names file and line
  "check_failed", // offline: a command that looks whether all is well found that it is not
  "command_failed", // offline: a program that we run (wrangler) failed; the message has its words
  "training_diverged", // offline: a loss or a gradient is NaN or infinite; the message names it
] as const;

/** What the operator, the platform or a provider has to mend. */
export const SYSTEM_ERROR_CODES = [
  "metering_failed", // who counts for the key does not answer: nothing is done that would not be counted
  "configuration_invalid", // the Worker's variables or bindings do not parse
  "host_not_allowed", // a request to a host that the configuration does not allow was refused
  "encoder_failed", // the encoder could not be loaded or run
  "ingestion_failed", // a document could not be taken in for reasons that are not the document's
  "retrieval_failed", // every retrieval leg failed, or one did and the request asked to fail closed
  "upstream_rejected", // the target LM's provider refused the request (4xx); `details.status` has its status
  "upstream_rate_limited", // the provider answered 429; `details.retryAfterMs` when it said
  "upstream_unavailable", // the provider could not be reached or answered 5xx
  "upstream_timeout", // the provider did not answer, or fell silent, within the deadline
  "upstream_cut", // the stream ended before its end was announced
  "upstream_malformed", // the provider sent something that does not parse
  "deadline_exceeded", // the request was not done within the time that it, or the configuration, allows
  "aborted", // the client went away
  "internal", // a defect of ours
] as const;

type UserErrorCode = (typeof USER_ERROR_CODES)[number];
export type SystemErrorCode = (typeof SYSTEM_ERROR_CODES)[number];
export type ErrorCode = UserErrorCode | SystemErrorCode;

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Whether the same request may succeed when sent again. Default false. */
  readonly isRetryable?: boolean;
  /** Facts for programs (limits, got, expected, param). Never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The one error class: a closed code, a message that says what failed, got versus expected, and what to do. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly isRetryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, { cause, isRetryable = false, details = {} }: AppErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.isRetryable = isRetryable;
    this.details = details;
  }
}

/** Narrows anything caught to an AppError; what is not ours becomes `internal` with the original as `cause`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) {
    return error;
  }
  return new AppError("internal", "unexpected error", { cause: error });
}

/** Whether the caller can mend it: such an error is reported as it is, never degraded or retried. */
export function isUserError({ code }: AppError): boolean {
  return USER_ERROR_CODES.some((known) => known === code);
}
