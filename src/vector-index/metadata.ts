import { VECTORIZE_LIMITS } from "./limits.ts";
import { truncateUtf8, utf8Length } from "./utf8.ts";
import type { VectorMetadata, VectorMetadataValue } from "./vector-index.ts";
import { vectorizeProblem } from "./vectorize-problem.ts";

export const METADATA_INDEX_TYPES = ["string", "number", "boolean"] as const;
export type MetadataIndexType = (typeof METADATA_INDEX_TYPES)[number];

/** Makes one property (dots descend) filterable for vectors written afterwards. */
export interface MetadataIndex {
  readonly propertyName: string;
  readonly indexType: MetadataIndexType;
}

export type IndexedValue = string | number | boolean;

/** Why a metadata key is refused, or undefined. The same rules hold for each dot-separated part of a filter key. */
export function metadataKeyFault(key: string): string | undefined {
  if (key === "") {
    return "is empty";
  }
  if (key.length > VECTORIZE_LIMITS.keyLength) {
    return `is longer than ${VECTORIZE_LIMITS.keyLength} characters`;
  }
  if (key.startsWith("$")) {
    return 'starts with "$"';
  }
  if (key.includes('"')) {
    return 'contains "';
  }
  return key.includes(".") ? 'contains "." (reserved for nesting)' : undefined;
}

/** Checks a vector's metadata and gives its compact JSON. */
export function serializeMetadata(id: string, metadata: unknown): string {
  if (!isRecord(metadata)) {
    throw vectorizeProblem("unparsableVectors", `metadata of vector id="${id}" is not an object`);
  }
  checkKeys(id, metadata);
  const json = JSON.stringify(metadata);
  const bytes = utf8Length(json);
  if (bytes > VECTORIZE_LIMITS.metadataBytes) {
    throw vectorizeProblem(
      "metadataTooLarge",
      `oversized metadata for vector id="${id}"; the compact JSON representation of the metadata must not exceed ${VECTORIZE_LIMITS.metadataBytes} bytes, got ${bytes} bytes`,
    );
  }
  return json;
}

function checkKeys(id: string, metadata: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(metadata)) {
    const fault = metadataKeyFault(key);
    if (fault !== undefined) {
      throw vectorizeProblem("invalidMetadataKey", `invalid metadata key for vector id="${id}"; "${key}" ${fault}`);
    }
    checkWellFormed(id, key);
    checkValue(id, value);
  }
}

function checkValue(id: string, value: unknown): void {
  if (typeof value === "string") {
    checkWellFormed(id, value);
  } else if (Array.isArray(value)) {
    for (const item of value) {
      checkValue(id, item);
    }
  } else if (isRecord(value)) {
    checkKeys(id, value);
  }
}

/** A lone surrogate has no UTF-8: the service answers that it cannot parse the request, without naming the vector. */
function checkWellFormed(id: string, text: string): void {
  if (!text.isWellFormed()) {
    throw vectorizeProblem(
      "unparsableVectors",
      `failed to parse upsert vectors request in json format: metadata of vector id="${id}" is not well-formed Unicode`,
    );
  }
}

/** What the index holds of the metadata: strings cut to 64 bytes; undefined when the property is missing or of another type. */
export function indexedValue(
  metadata: Readonly<Record<string, unknown>>,
  index: MetadataIndex,
): IndexedValue | undefined {
  let value: unknown = metadata;
  for (const key of index.propertyName.split(".")) {
    value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  if (typeof value === "string" && index.indexType === "string") {
    return truncateUtf8(value, VECTORIZE_LIMITS.indexedStringBytes);
  }
  if (typeof value === "number" && index.indexType === "number") {
    return value;
  }
  return typeof value === "boolean" && index.indexType === "boolean" ? value : undefined;
}

/** Rebuilds the (nested) metadata object that `returnMetadata: "indexed"` answers with. */
export function metadataFromIndexed(
  values: Iterable<readonly [propertyName: string, value: IndexedValue]>,
): VectorMetadata {
  const root: Record<string, unknown> = {};
  for (const [propertyName, value] of values) {
    const keys = propertyName.split(".");
    const last = keys.pop() ?? "";
    let parent = root;
    for (const key of keys) {
      const child = Object.hasOwn(parent, key) ? parent[key] : undefined;
      const next = isRecord(child) ? child : {};
      define(parent, key, next);
      parent = next;
    }
    define(parent, last, value);
  }
  // Built above from nothing but records and indexed values.
  return root as Record<string, VectorMetadataValue>;
}

/** A property named "__proto__" must become an own property. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
