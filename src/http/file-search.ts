import { AppError } from "../shared/errors.ts";
import { parseFilter } from "../vector-index/filter.ts";
import type { VectorFilter, VectorFilterCondition } from "../vector-index/vector-index.ts";
import type { RetrievalOptions } from "./schemas/chat-completion.ts";
import type { FileSearchComparison, FileSearchFilter, FileSearchTool } from "./schemas/file-search.ts";

/** OpenAI's `file_search` tool in terms of our `retrieval` options. Throws `invalid_filter` for what Vectorize cannot express. */
export function fileSearchOptions(tool: FileSearchTool): RetrievalOptions {
  const { score_threshold: threshold, hybrid_search: weights } = tool.ranking_options ?? {};
  const filter = tool.filters ? vectorFilter(tool.filters) : undefined;
  return {
    collection: tool.vector_store_ids[0],
    top_k: tool.max_num_results,
    ...(filter === undefined ? {} : { filter }),
    // OpenAI's default threshold 0 means "no threshold"; BM25 and distances have no 0 to cut at.
    ...(threshold === undefined || threshold === 0 ? {} : { min_score: threshold }),
    ...(weights === undefined ? {} : { mode: modeOfWeights(weights) }),
  };
}

/** The collection's record holds the fusion's weight, so of OpenAI's weights only "none of it" is followed. */
function modeOfWeights(weights: { embedding_weight: number; text_weight: number }): "dense" | "lexical" | "hybrid" {
  if (weights.text_weight === 0) {
    return "dense";
  }
  return weights.embedding_weight === 0 ? "lexical" : "hybrid";
}

function vectorFilter(filter: FileSearchFilter): VectorFilter {
  const conditions: Record<string, VectorFilterCondition> = {};
  for (const { key, condition } of flatten(filter)) {
    const present = conditions[key];
    conditions[key] = present === undefined ? condition : bothConditions(key, present, condition);
  }
  parseFilter(conditions);
  return conditions;
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
  return new AppError("invalid_filter", `this file_search filter cannot be expressed in Vectorize: ${reason}`, {
    details: { param: "tools" },
  });
}
