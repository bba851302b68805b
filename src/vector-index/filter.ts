import { VECTORIZE_LIMITS } from "./limits.ts";
import { isRecord, metadataKeyFault, type IndexedValue } from "./metadata.ts";
import { compareUtf8, utf8Length } from "./utf8.ts";
import type { VectorFilterValue } from "./vector-index.ts";
import { vectorizeProblem } from "./vectorize-problem.ts";

interface RangeBound {
  readonly value: string | number;
  readonly inclusive: boolean;
}

/** `$eq` and `$ne` are `in` with one value. */
export type FilterTest =
  | { readonly kind: "in"; readonly values: readonly VectorFilterValue[]; readonly negated: boolean }
  | { readonly kind: "range"; readonly lower?: RangeBound; readonly upper?: RangeBound };

/** One key of the filter; the clauses of a filter are ANDed. */
export interface FilterClause {
  readonly propertyName: string;
  readonly test: FilterTest;
}

const LOWER = { $gt: false, $gte: true } as const;
const UPPER = { $lt: false, $lte: true } as const;

/** Parses a Vectorize metadata filter; throws `invalid_filter` for whatever Vectorize's documentation does not allow. */
export function parseFilter(filter: unknown): FilterClause[] {
  if (!isRecord(filter) || Object.keys(filter).length === 0) {
    throw invalid("filter must be a non-empty object");
  }
  const bytes = utf8Length(JSON.stringify(filter));
  if (bytes >= VECTORIZE_LIMITS.filterBytes) {
    throw invalid(`filter's compact JSON must be less than ${VECTORIZE_LIMITS.filterBytes} bytes, got ${bytes} bytes`);
  }
  return Object.entries(filter).map(([propertyName, condition]) => {
    checkFilterKey(propertyName);
    return { propertyName, test: parseCondition(propertyName, condition) };
  });
}

function checkFilterKey(propertyName: string): void {
  if (propertyName.length > VECTORIZE_LIMITS.keyLength) {
    throw invalid(`filter key is longer than ${VECTORIZE_LIMITS.keyLength} characters`);
  }
  for (const key of propertyName.split(".")) {
    const fault = metadataKeyFault(key);
    if (fault !== undefined) {
      throw invalid(`filter key "${propertyName}" is invalid: "${key}" ${fault}`);
    }
  }
}

function parseCondition(key: string, condition: unknown): FilterTest {
  if (isFilterValue(condition)) {
    return { kind: "in", values: [condition], negated: false };
  }
  if (!isRecord(condition)) {
    throw invalid(`filter value of "${key}" must be a string, number, boolean, null or an object of operators`);
  }
  const operators = Object.entries(condition);
  if (operators.length === 1) {
    for (const [operator, operand] of operators) {
      const membership = parseMembership(key, operator, operand);
      if (membership !== undefined) {
        return membership;
      }
    }
  }
  return parseRange(key, operators);
}

function parseMembership(key: string, operator: string, operand: unknown): FilterTest | undefined {
  if (operator === "$eq" || operator === "$ne") {
    if (!isFilterValue(operand)) {
      throw invalid(`${operator} of "${key}" must be a string, number, boolean or null`);
    }
    return { kind: "in", values: [operand], negated: operator === "$ne" };
  }
  if (operator === "$in" || operator === "$nin") {
    if (!Array.isArray(operand) || !operand.every(isFilterValue)) {
      throw invalid(`${operator} of "${key}" must be an array of strings, numbers, booleans or nulls`);
    }
    return { kind: "in", values: operand, negated: operator === "$nin" };
  }
  return undefined;
}

function parseRange(key: string, operators: readonly (readonly [string, unknown])[]): FilterTest {
  let lower: RangeBound | undefined;
  let upper: RangeBound | undefined;
  for (const [operator, value] of operators) {
    if (!isOneOf(operator, LOWER) && !isOneOf(operator, UPPER)) {
      throw invalid(
        `filter of "${key}": "${operator}" cannot stand here; one of $eq $ne $in $nin alone, or $gt/$gte and $lt/$lte (nesting is written with dots)`,
      );
    }
    if (typeof value !== "string" && !(typeof value === "number" && Number.isFinite(value))) {
      throw invalid(`${operator} of "${key}" must be a string or a number`);
    }
    const isLower = isOneOf(operator, LOWER);
    if ((isLower ? lower : upper) !== undefined) {
      throw invalid(`filter of "${key}": at most one lower ($gt, $gte) and one upper bound ($lt, $lte)`);
    }
    if (isLower) {
      lower = { value, inclusive: LOWER[operator] };
    } else if (isOneOf(operator, UPPER)) {
      upper = { value, inclusive: UPPER[operator] };
    }
  }
  if (lower === undefined && upper === undefined) {
    throw invalid(`filter of "${key}" has no operator`);
  }
  if (lower !== undefined && upper !== undefined && typeof lower.value !== typeof upper.value) {
    throw invalid(`filter of "${key}": both bounds of a range must be of one type`);
  }
  return { kind: "range", ...(lower && { lower }), ...(upper && { upper }) };
}

/**
 * Whether an indexed value passes. `undefined` (no index on the property, another type than the index's, or no value) equals
 * null and nothing else: so a positive test on a property without a metadata index matches no vector and a negated one all,
 * without an error, as reported of the service. Types never mix: "1" is not 1. Strings order by their UTF-8 bytes.
 */
export function passesFilter(test: FilterTest, value: IndexedValue | undefined): boolean {
  if (test.kind === "in") {
    return test.values.includes(value ?? null) !== test.negated;
  }
  return (
    value !== undefined &&
    (test.lower === undefined || isBeyond(value, test.lower, 1)) &&
    (test.upper === undefined || isBeyond(value, test.upper, -1))
  );
}

function isBeyond(value: IndexedValue, bound: RangeBound, direction: 1 | -1): boolean {
  const order = compareValues(value, bound.value);
  return order !== undefined && (order * direction > 0 || (bound.inclusive && order === 0));
}

function compareValues(a: IndexedValue, b: string | number): number | undefined {
  if (typeof a === "string" && typeof b === "string") {
    return compareUtf8(a, b);
  }
  return typeof a === "number" && typeof b === "number" ? Math.sign(a - b) : undefined;
}

function isFilterValue(value: unknown): value is VectorFilterValue {
  return (
    value === null ||
    typeof value === "string" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value))
  );
}

function isOneOf<Key extends string>(operator: string, table: Readonly<Record<Key, boolean>>): operator is Key {
  return Object.hasOwn(table, operator);
}

function invalid(message: string): Error {
  return vectorizeProblem("invalidFilter", message);
}
