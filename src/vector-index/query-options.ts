import { parseFilter, type FilterClause } from "./filter.ts";
import { VECTORIZE_LIMITS } from "./limits.ts";
import { isRecord } from "./metadata.ts";
import { utf8Length } from "./utf8.ts";
import { vectorizeProblem } from "./vectorize-problem.ts";

type MetadataRetrieval = "none" | "indexed" | "all";

export interface ParsedQueryOptions {
  readonly topK: number;
  readonly namespace: string | undefined;
  readonly returnValues: boolean;
  readonly returnMetadata: MetadataRetrieval;
  readonly filter: readonly FilterClause[];
}

/** Checks the options of `query` and `queryById` as the binding and the service do, and fills in the defaults. */
export function parseQueryOptions(options: unknown = {}): ParsedQueryOptions {
  if (!isRecord(options)) {
    throw unparsable("expected an object");
  }
  const returnMetadata = parseReturnMetadata(options["returnMetadata"]);
  const returnValues = options["returnValues"] ?? false;
  if (typeof returnValues !== "boolean") {
    throw unparsable("returnValues: expected a boolean");
  }
  return {
    topK: parseTopK(options["topK"], returnValues || returnMetadata === "all"),
    namespace: parseNamespace(options["namespace"]),
    returnValues,
    returnMetadata,
    filter: options["filter"] === undefined ? [] : parseFilter(options["filter"]),
  };
}

function parseReturnMetadata(value: unknown): MetadataRetrieval {
  if (value === undefined || value === "none" || value === "indexed" || value === "all") {
    return value ?? "none";
  }
  if (value === true) {
    return "all";
  }
  if (value === false) {
    // The binding turns `true` into "all" but lets `false` through, and the service refuses it. So do we.
    throw unparsable("returnMetadata: expected value");
  }
  throw unparsable(
    `Invalid returnMetadata option. Expected: true, false, "none", "indexed" or "all"; got: ${JSON.stringify(value)}`,
  );
}

function parseTopK(value: unknown, hasPayload: boolean): number {
  const topK = value ?? VECTORIZE_LIMITS.defaultTopK;
  if (typeof topK !== "number" || !Number.isInteger(topK) || topK < 1) {
    throw vectorizeProblem("invalidTopK", `top K must be an integer of at least 1, but got ${JSON.stringify(topK)}`);
  }
  if (topK > VECTORIZE_LIMITS.topK) {
    throw vectorizeProblem("topKTooLarge", `max top K is ${VECTORIZE_LIMITS.topK}, but got ${topK}`);
  }
  if (hasPayload && topK > VECTORIZE_LIMITS.topKWithPayload) {
    throw vectorizeProblem(
      "topKTooLarge",
      `with returnValues=true or returnMetadata=all, max top K is ${VECTORIZE_LIMITS.topKWithPayload}, but got ${topK}; for a top K up to ${VECTORIZE_LIMITS.topK}, retry with returnValues=false and returnMetadata=indexed`,
    );
  }
  return topK;
}

function parseNamespace(value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") {
    checkNamespace(value ?? "");
    return value;
  }
  throw unparsable("namespace: expected a string");
}

/** Throws when a namespace is longer than 64 bytes. */
export function checkNamespace(namespace: string): void {
  const bytes = utf8Length(namespace);
  if (bytes > VECTORIZE_LIMITS.namespaceBytes) {
    throw vectorizeProblem(
      "namespaceTooLong",
      `namespace too long; max is ${VECTORIZE_LIMITS.namespaceBytes} bytes, got ${bytes} bytes`,
    );
  }
}

function unparsable(detail: string): Error {
  return vectorizeProblem("unparsableQuery", `Failed to parse the request body as JSON: ${detail}`);
}
