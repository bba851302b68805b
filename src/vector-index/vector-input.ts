import { VECTORIZE_LIMITS } from "./limits.ts";
import { isRecord, serializeMetadata } from "./metadata.ts";
import { checkNamespace } from "./query-options.ts";
import { utf8Length } from "./utf8.ts";
import { vectorizeProblem } from "./vectorize-problem.ts";

/** A vector as accepted: float32, metadata as the compact JSON that is stored. */
export interface AcceptedVector {
  readonly id: string;
  readonly values: Float32Array;
  readonly namespace: string | null;
  readonly metadata: string | null;
}

/** Checks the vectors of one `insert` or `upsert`; the first fault refuses the whole batch, as in Vectorize. */
export function parseVectors(vectors: unknown, dimensions: number): AcceptedVector[] {
  if (!Array.isArray(vectors) || vectors.length === 0) {
    throw unparsable("expected at least one vector");
  }
  if (vectors.length > VECTORIZE_LIMITS.batchVectors) {
    throw vectorizeProblem(
      "tooManyVectors",
      `too many vectors in payload; max vector count is ${VECTORIZE_LIMITS.batchVectors}, got ${vectors.length}`,
    );
  }
  return vectors.map((vector) => parseVector(vector, dimensions));
}

function parseVector(vector: unknown, dimensions: number): AcceptedVector {
  if (!isRecord(vector) || typeof vector["id"] !== "string") {
    throw unparsable("a vector needs an id, a string");
  }
  const { id, values, namespace = null, metadata = null } = vector;
  if (id === "") {
    throw unparsable("a vector's id is empty");
  }
  if (!id.isWellFormed() || (typeof namespace === "string" && !namespace.isWellFormed())) {
    throw unparsable("an id or a namespace is not well-formed Unicode");
  }
  const bytes = utf8Length(id);
  if (bytes > VECTORIZE_LIMITS.idBytes) {
    throw vectorizeProblem("idTooLong", `id too long; max is ${VECTORIZE_LIMITS.idBytes} bytes, got ${bytes} bytes`);
  }
  if (namespace !== null && typeof namespace !== "string") {
    throw unparsable(`namespace of vector id="${id}" is not a string`);
  }
  checkNamespace(namespace ?? "");
  return {
    id,
    namespace,
    metadata: metadata === null ? null : serializeMetadata(id, metadata),
    values: parseValues(values, id, dimensions),
  };
}

function parseValues(values: unknown, id: string, dimensions: number): Float32Array {
  const floats = toFloat32(values);
  if (floats === undefined) {
    throw unparsable(`values of vector id="${id}" are not numbers`);
  }
  if (floats.length !== dimensions) {
    throw vectorizeProblem(
      "wrongVectorDimensions",
      `invalid vector for id="${id}", expected ${dimensions} dimensions, and got ${floats.length} dimensions`,
    );
  }
  if (!floats.every(Number.isFinite)) {
    // NaN and Infinity are null in the JSON that the binding sends, and the service does not parse it.
    throw unparsable(`values of vector id="${id}" are not finite float32 numbers`);
  }
  return floats;
}

/** Checks a query vector. */
export function parseQueryVector(vector: unknown, dimensions: number): Float32Array {
  const floats = toFloat32(vector);
  if (floats === undefined || !floats.every(Number.isFinite)) {
    throw vectorizeProblem("unparsableQuery", "Failed to parse the request body as JSON: vector: expected numbers");
  }
  if (floats.length !== dimensions) {
    throw vectorizeProblem(
      "wrongQueryDimensions",
      `invalid query vector, expected ${dimensions} dimensions, and got ${floats.length} dimensions`,
    );
  }
  return floats;
}

/** Checks the ids of `getByIds` or `deleteByIds`. */
export function parseIds(ids: unknown, limit: number): string[] {
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string")) {
    throw vectorizeProblem(
      "unparsableQuery",
      "Failed to parse the request body as JSON: ids: expected an array of strings",
    );
  }
  if (ids.length > limit) {
    throw vectorizeProblem("tooManyIds", `too many ids in payload; max id count is ${limit}, got ${ids.length}`);
  }
  for (const id of ids) {
    const bytes = utf8Length(id);
    if (bytes > VECTORIZE_LIMITS.idBytes) {
      throw vectorizeProblem("idTooLong", `id too long; max is ${VECTORIZE_LIMITS.idBytes} bytes, got ${bytes} bytes`);
    }
  }
  return ids;
}

function toFloat32(values: unknown): Float32Array | undefined {
  if (values instanceof Float32Array) {
    return values;
  }
  if (values instanceof Float64Array) {
    return Float32Array.from(values);
  }
  return Array.isArray(values) && values.every((value) => typeof value === "number")
    ? Float32Array.from(values)
    : undefined;
}

function unparsable(detail: string): Error {
  return vectorizeProblem("unparsableVectors", `failed to parse upsert vectors request in json format: ${detail}`);
}
