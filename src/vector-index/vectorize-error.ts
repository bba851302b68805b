import { AppError, type ErrorCode } from "../shared/errors.ts";
import { VECTORIZE_PROBLEMS } from "./vectorize-problem.ts";

/** First five: the prefixes of Vectorize's binding. The others are ours: the binding has no such operation. */
export type VectorizeOperation =
  | "INDEX_GET"
  | "VECTOR_QUERY"
  | "VECTOR_INSERT"
  | "VECTOR_UPSERT"
  | "VECTOR_GET"
  | "VECTOR_DELETE"
  | "VECTOR_LIST"
  | "METADATA_INDEX";

/** 40041 (older reports: 40014) "Too Many Requests": the embedded index never sends it, the real one does. */
const RATE_LIMITED_CODES: readonly number[] = [40041, 40014];

const ERROR_CODES = new Map<number, ErrorCode>(
  Object.values(VECTORIZE_PROBLEMS).map(({ vectorizeCode, errorCode }) => [vectorizeCode, errorCode]),
);

const MESSAGE = /^(?:INDEX|VECTOR|METADATA)_[A-Z]+_ERROR(?: \(code = (\d+)\))?: (.*)$/s;

/**
 * The message that Vectorize's binding throws: `VECTOR_QUERY_ERROR (code = 40025): max top K is 100, but got 101`.
 * Anything but a refusal of ours (a defect, a failing disk) is thrown on.
 */
export function vectorizeErrorMessage(operation: VectorizeOperation, error: unknown): string {
  if (!(error instanceof AppError)) {
    throw error;
  }
  return `${operation}_ERROR (code = ${String(error.details["vectorizeCode"])}): ${error.message}`;
}

/**
 * Reads what a Vectorize binding threw, embedded or real, back into an `AppError` with a closed code
 * (`dims_mismatch`, `vector_limit`, `invalid_filter`, `index_full`, …); anything unrecognised is `retrieval_failed`.
 */
export function appErrorFromVectorize(error: unknown): AppError {
  if (error instanceof AppError) {
    return error;
  }
  const match = error instanceof Error ? MESSAGE.exec(error.message) : null;
  const vectorizeCode = Number(match?.[1]);
  const code = ERROR_CODES.get(vectorizeCode);
  if (match?.[2] !== undefined && code !== undefined) {
    return new AppError(code, match[2], { cause: error, details: { vectorizeCode } });
  }
  return new AppError("retrieval_failed", "the vector index did not answer", {
    cause: error,
    isRetryable: match?.[1] === undefined || RATE_LIMITED_CODES.includes(vectorizeCode),
  });
}
