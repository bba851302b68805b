import type { RetrievalOptions } from "./schemas/chat-completion.ts";
import type { FileSearchTool } from "./schemas/file-search.ts";
import { vectorFilter } from "./vector-filter.ts";

/**
 * OpenAI's `file_search` tool in terms of our `retrieval` options; `param` is the field that holds its filters. Throws
 * `invalid_filter` for what Vectorize cannot express.
 */
export function fileSearchOptions(tool: FileSearchTool, { param = "tools" } = {}): RetrievalOptions {
  const { score_threshold: threshold, hybrid_search: weights } = tool.ranking_options ?? {};
  const filter = tool.filters ? vectorFilter(tool.filters, { param }) : undefined;
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
