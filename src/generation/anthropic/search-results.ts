import { citationUrl } from "../../retrieval/citation-url.ts";
import type { RetrievedPassage } from "../../retrieval/types.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../shared/json.ts";
import { neutralize, toSingleLine } from "../../shared/sanitize.ts";
import { asSearchResult } from "../search-result.ts";

/** A passage in the provider's own form, which it cites by itself. */
export function passageAsSearchResult({ passage }: RetrievedPassage): JsonObject {
  return {
    type: "search_result",
    source: neutralize(toSingleLine(citationUrl(passage))),
    title: neutralize(toSingleLine(passage.title) || toSingleLine(passage.id)),
    content: [{ type: "text", text: neutralize(passage.text) }],
    citations: { enabled: true },
  };
}

/**
 * The provider counts search results as they stand in a request's body, the client's and ours alike; citation numbers count
 * the blocks of the client's first, then ours. For each search result of the body: the number of its first block.
 */
export function firstNumbers(
  { messages = [] }: JsonObject,
  { ours, sourceCount }: { readonly ours: readonly JsonObject[]; readonly sourceCount: number },
): readonly number[] {
  let next = 1;
  return searchResultsIn(Array.isArray(messages) ? messages : []).map((block) => {
    const own = ours.indexOf(block);
    if (own !== -1) {
      return sourceCount + own + 1;
    }
    const number = next;
    next += asSearchResult(block)?.content.length ?? 0;
    return number;
  });
}

/** In messages, and in the results of tools. */
function searchResultsIn(values: readonly JsonValue[]): readonly JsonObject[] {
  return values.filter(isJsonObject).flatMap((value): readonly JsonObject[] => {
    const { content } = value;
    return value["type"] === "search_result" ? [value] : Array.isArray(content) ? searchResultsIn(content) : [];
  });
}
