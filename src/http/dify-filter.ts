import { AppError } from "../shared/errors.ts";
import type { VectorFilter } from "../vector-index/vector-index.ts";
import type { DifyCondition, DifyMetadataCondition, DifyOperator } from "./schemas/dify.ts";
import type { FileSearchComparison, FileSearchFilter } from "./schemas/file-search.ts";
import { vectorFilter } from "./vector-filter.ts";

const PARAM = "metadata_condition";

/** What each of Dify's operators is among OpenAI's; a prefix is a range. Undefined: Vectorize has no like. */
const COMPARISONS: Readonly<Record<DifyOperator, FileSearchComparison["type"] | "prefix" | undefined>> = {
  is: "eq",
  "is not": "ne",
  in: "in",
  "not in": "nin",
  "start with": "prefix",
  "=": "eq",
  "≠": "ne",
  ">": "gt",
  "<": "lt",
  "≥": "gte",
  "≤": "lte",
  before: "lt",
  after: "gt",
  contains: undefined,
  "not contains": undefined,
  "end with": undefined,
  empty: undefined,
  "not empty": undefined,
};

/** Operators whose values are numbers, also when Dify sends them as texts. */
const NUMERIC: ReadonlySet<DifyOperator> = new Set(["=", "≠", ">", "<", "≥", "≤"]);

/** Dify's metadata condition as a filter; undefined when it has none. Throws `invalid_filter` for what cannot be one. */
export function difyFilter({
  logical_operator: operator,
  conditions,
}: DifyMetadataCondition): VectorFilter | undefined {
  const filters = (conditions ?? []).map(toFilter);
  return filters.length === 0 ? undefined : vectorFilter({ type: operator ?? "and", filters }, { param: PARAM });
}

function toFilter(condition: DifyCondition): FileSearchFilter {
  const { name: key, comparison_operator: operator } = condition;
  const type = COMPARISONS[operator];
  if (type === undefined) {
    throw invalid(`"${operator}" cannot be expressed in Vectorize; there are ${known()}`);
  }
  const value = valueOf(condition);
  if (type !== "prefix") {
    return { type, key, value };
  }
  if (typeof value !== "string" || value === "") {
    throw invalid(`"start with" of "${key}" wants a text`);
  }
  return {
    type: "and",
    filters: [
      { type: "gte", key, value },
      // The last character there is: what begins with the value stands before it.
      { type: "lt", key, value: `${value}\u{10FFFF}` },
    ],
  };
}

function valueOf({ name, comparison_operator: operator, value }: DifyCondition): FileSearchComparison["value"] {
  if (value === undefined || value === null) {
    throw invalid(`"${operator}" of "${name}" wants a value`);
  }
  if (operator === "in" || operator === "not in") {
    return Array.isArray(value) ? value : [value];
  }
  if (Array.isArray(value)) {
    throw invalid(`"${operator}" of "${name}" wants one value, not a list`);
  }
  if (!NUMERIC.has(operator)) {
    return value;
  }
  const number = typeof value === "number" || value.trim() === "" ? value : Number(value);
  if (typeof number !== "number" || !Number.isFinite(number)) {
    throw invalid(`"${operator}" of "${name}" wants a number`);
  }
  return number;
}

function known(): string {
  return Object.entries(COMPARISONS)
    .flatMap(([operator, type]) => (type === undefined ? [] : [`"${operator}"`]))
    .join(", ");
}

function invalid(reason: string): AppError {
  return new AppError("invalid_filter", `${PARAM}: ${reason}`, { details: { param: PARAM } });
}
