import { AppError } from "../shared/errors.ts";
import { type FilterTest, parseFilter } from "../vector-index/filter.ts";
import type { VectorFilter, VectorFilterValue } from "../vector-index/vector-index.ts";
import type { SqlValue } from "./sql-database.ts";

/**
 * Properties of one filter: 30 take at most 90 of the 100 parameters that D1 allows a statement. Vectorize has no more than
 * 10 metadata indexes, so more properties cannot be meant.
 */
const MAX_FILTER_PROPERTIES = 30;

/** A condition, always 0 or 1 and never NULL, and the values of its parameters. */
export interface SqlCondition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

export interface CompileFilterOptions {
  /** SQL of the metadata's JSON, as `filterableMetadata` cuts it. */
  readonly metadata: string;
  /** Number of the condition's first parameter, `?<n>`. */
  readonly firstParam: number;
}

/**
 * Compiles a metadata filter to SQL with the vector index's semantics (`passesFilter`): types never mix, strings order by
 * their UTF-8 bytes, a missing property, an array and an object are null. Keys and values reach SQLite as parameters only.
 * One difference is left, since nothing tells the Worker which metadata indexes exist: the vector index takes a value
 * without a metadata index of its type for null, the text store sees it.
 *
 * Throws `invalid_filter` when the filter does not parse or names too many properties. No filter gives a condition that always holds.
 */
export function compileFilter(
  filter: VectorFilter | undefined,
  { metadata, firstParam }: CompileFilterOptions,
): SqlCondition {
  const params: SqlValue[] = [];
  const bind = (value: SqlValue): string => `?${firstParam + params.push(value) - 1}`;
  const clauses = filter === undefined ? [] : parseFilter(filter);
  if (clauses.length > MAX_FILTER_PROPERTIES) {
    const message = `the filter has ${clauses.length} properties, the full-text leg takes at most ${MAX_FILTER_PROPERTIES}`;
    throw new AppError("invalid_filter", message, { details: { limit: MAX_FILTER_PROPERTIES, got: clauses.length } });
  }
  const conditions = clauses.map(({ propertyName, test }) =>
    compileTest(test, { metadata, path: bind(toJsonPath(propertyName)), bind }),
  );
  return { sql: conditions.length === 0 ? "true" : conditions.join(" AND "), params };
}

interface TestTarget {
  readonly metadata: string;
  /** Parameter that holds the JSON path. */
  readonly path: string;
  readonly bind: (value: SqlValue) => string;
}

/** `a.b` -> `$."a"."b"`; JSON escapes, since SQLite reads a label with a backslash as JSON. */
function toJsonPath(propertyName: string): string {
  return ["$", ...propertyName.split(".").map((key) => JSON.stringify(key))].join(".");
}

function compileTest(test: FilterTest, target: TestTarget): string {
  return test.kind === "in" ? compileMembership(test, target) : compileRange(test, target);
}

function compileMembership(
  { values, negated }: Extract<FilterTest, { kind: "in" }>,
  { metadata, path, bind }: TestTarget,
): string {
  // SQLite ends a JSON string at NUL, which no stored string holds: such a value can match nothing.
  const strings = values.filter((value) => typeof value === "string" && !value.includes("\0"));
  const list = bind(JSON.stringify([...strings, ...values.filter((value) => typeof value === "number")]));
  const isAmong = (type: string): string =>
    `${metadata} ->> ${path} IN (SELECT value FROM json_each(${list}) WHERE type ${type})`;
  const has = (value: VectorFilterValue): string => (values.includes(value) ? "1" : "0");
  const membership = `CASE json_type(${metadata}, ${path})
    WHEN 'text' THEN ${isAmong("= 'text'")}
    WHEN 'integer' THEN ${isAmong("<> 'text'")}
    WHEN 'real' THEN ${isAmong("<> 'text'")}
    WHEN 'true' THEN ${has(true)} WHEN 'false' THEN ${has(false)} ELSE ${has(null)} END`;
  return negated ? `NOT (${membership})` : `(${membership})`;
}

function compileRange(
  { lower, upper }: Extract<FilterTest, { kind: "range" }>,
  { metadata, path, bind }: TestTarget,
): string {
  const types = typeof (lower ?? upper)?.value === "string" ? "= 'text'" : "IN ('integer', 'real')";
  // A number goes through SQLite's own JSON reader, as the stored one did: both then round alike.
  const operand = (value: string | number): string =>
    typeof value === "string" ? bind(value) : `json_extract(${bind(JSON.stringify(value))}, '$')`;
  const bounds = [
    ...(lower === undefined ? [] : [`${lower.inclusive ? ">=" : ">"} ${operand(lower.value)}`]),
    ...(upper === undefined ? [] : [`${upper.inclusive ? "<=" : "<"} ${operand(upper.value)}`]),
  ].map((bound) => `${metadata} ->> ${path} ${bound}`);
  return `coalesce(json_type(${metadata}, ${path}) ${types} AND ${bounds.join(" AND ")}, 0)`;
}
