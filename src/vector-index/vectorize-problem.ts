import { AppError, type ErrorCode } from "../shared/errors.ts";

interface ProblemKind {
  /** The number Vectorize's binding prints: `VECTOR_QUERY_ERROR (code = 40025): …`. */
  readonly vectorizeCode: number;
  readonly errorCode: ErrorCode;
}

/**
 * What can be wrong with a call. Codes 400xx are Vectorize's own, seen in public issues and repositories (none is documented);
 * codes 49xxx are OURS, for refusals whose code nobody has reported.
 */
export const VECTORIZE_PROBLEMS = {
  // "invalid query vector, expected 1536 dimensions, and got 768 dimensions" (mastra-ai/mastra#3444)
  wrongQueryDimensions: { vectorizeCode: 40006, errorCode: "dims_mismatch" },
  // "too many ids in payload; max id count is 20, got 34" (getByIds), "…is 100, got 105" (deleteByIds)
  tooManyIds: { vectorizeCode: 40007, errorCode: "vector_limit" },
  // "id too long; max is 64 bytes, got 71 bytes"
  idTooLong: { vectorizeCode: 40008, errorCode: "vector_limit" },
  // second-hand: a public contract test gives the code, nobody the full text
  namespaceTooLong: { vectorizeCode: 40009, errorCode: "vector_limit" },
  // "invalid vector for id="…", expected 768 dimensions, and got 1024 dimensions"
  wrongVectorDimensions: { vectorizeCode: 40012, errorCode: "dims_mismatch" },
  // "oversized metadata for vector id="…"; the compact JSON representation of the metadata must not exceed 10240 bytes, got 21326 bytes"
  metadataTooLarge: { vectorizeCode: 40016, errorCode: "vector_limit" },
  // reported for keys with quotes and dots; the text is ours
  invalidMetadataKey: { vectorizeCode: 40018, errorCode: "invalid_request" },
  // "failed to parse upsert vectors request in json format": lone surrogates, NaN (null in JSON)
  unparsableVectors: { vectorizeCode: 40023, errorCode: "invalid_request" },
  // "with returnValues=true or returnMetadata=all, max top K is 50, but got 60; …"
  topKTooLarge: { vectorizeCode: 40025, errorCode: "vector_limit" },
  // "Failed to parse the request body as JSON: returnMetadata: expected value at line 1 column 28"
  unparsableQuery: { vectorizeCode: 40026, errorCode: "invalid_request" },
  invalidFilter: { vectorizeCode: 49001, errorCode: "invalid_filter" },
  tooManyVectors: { vectorizeCode: 49002, errorCode: "vector_limit" },
  invalidTopK: { vectorizeCode: 49003, errorCode: "invalid_request" },
  tooManyNamespaces: { vectorizeCode: 49004, errorCode: "vector_limit" },
  tooManyMetadataIndexes: { vectorizeCode: 49005, errorCode: "vector_limit" },
  invalidMetadataIndex: { vectorizeCode: 49006, errorCode: "invalid_request" },
  unknownVector: { vectorizeCode: 49007, errorCode: "invalid_request" },
  invalidList: { vectorizeCode: 49008, errorCode: "invalid_request" },
  invalidConfiguration: { vectorizeCode: 49009, errorCode: "configuration_invalid" },
  indexFull: { vectorizeCode: 49010, errorCode: "index_full" },
} as const satisfies Record<string, ProblemKind>;

export type VectorizeProblemName = keyof typeof VECTORIZE_PROBLEMS;

/** The refusal of a call: thrown by the pure checks, given Vectorize's form by `vectorizeError` where the operation is known. */
export function vectorizeProblem(name: VectorizeProblemName, message: string): AppError {
  const { errorCode, vectorizeCode } = VECTORIZE_PROBLEMS[name];
  return new AppError(errorCode, message, { details: { vectorizeCode } });
}
