import { AppError, toAppError } from "../shared/errors.ts";
import { parseFilter } from "../vector-index/filter.ts";
import type { VectorFilter, VectorFilterCondition } from "../vector-index/vector-index.ts";
import type { FileSearchComparison, FileSearchFilter } from "./schemas/file-search.ts";

/**
 * OpenAI's comparisons, joined by `and` and `or`, as a filter of Vectorize; `param` is the field they came in.
 *
 * @throws AppError `invalid_filter` for what Vectorize cannot express.
 */
export function vectorFilter(filter: FileSearchFilter, { param }: { readonly param: string }): VectorFilter {
  try {
    const conditions: Record<string, VectorFilterCondition> = {};
    for (const { key, condition } of flatten(filter)) {
      const present = conditions[key];
      conditions[key] = present === undefined ? condition : bothConditions(key, present, condition);
    }
    parseFilter(conditions);
    return conditions;
  } catch (thrown) {
    const { code, message, details } = toAppError(thrown);
    throw new AppError(code, message, { cause: thrown, details: { ...details, param } });
  }
}

interface KeyedCondition {
  readonly key: string;
  readonly condition: VectorFilterCondition;
}

function flatten(filter: FileSearchFilter): readonly KeyedCondition[] {
  if ("filters" in filter) {
    return filter.type === "and" ? filter.filters.flatMap(flatten) : [alternatives(filter.filters)];
  }
  return [{ key: filter.key, condition: comparison(filter) }];
}

function comparison({ type, value }: FileSearchComparison): VectorFilterCondition {
  // Whether operator and value go together is `parseFilter`'s to say.
  return { [`$${type}`]: value };
}

/** Vectorize has no OR but `$in`, which is what an OR over values of one key is. */
function alternatives(filters: readonly FileSearchFilter[]): KeyedCondition {
  const values = filters.map((filter) => {
    if ("filters" in filter || filter.type !== "eq" || Array.isArray(filter.value)) {
      throw unsupported("an `or` may only join `eq` comparisons");
    }
    return { key: filter.key, value: filter.value };
  });
  const key = values[0]?.key ?? "";
  if (values.some((other) => other.key !== key)) {
    throw unsupported("an `or` may only join comparisons of one key");
  }
  return { key, condition: { $in: values.map(({ value }) => value) } };
}

/** One lower and one upper bound may stand together; the parser refuses every other pair. */
function bothConditions(key: string, left: VectorFilterCondition, right: VectorFilterCondition): VectorFilterCondition {
  const operators = [...Object.keys(left ?? {}), ...Object.keys(right ?? {})];
  if (new Set(operators).size < operators.length) {
    throw unsupported(`"${key}" is compared twice in the same way`);
  }
  return { ...(left as object), ...(right as object) };
}

function unsupported(reason: string): AppError {
  return new AppError("invalid_filter", `this filter cannot be expressed in Vectorize: ${reason}`);
}
