import { searchResultsOf, type SearchResult } from "../../generation/search-result.ts";
import type { ChatMessage } from "../../generation/target-lm.ts";
import { citationUrl } from "../../retrieval/citation-url.ts";
import type { RetrievedPassage } from "../../retrieval/types.ts";
import type { JsonObject } from "../../shared/json.ts";

/**
 * Where citations point, by their numbers: blocks of the search results that the client sent, in the order of `sourcesOf`, then
 * retrieved passages, each as a search result of one block after the client's.
 */
export class CitationPlaces {
  readonly #places: JsonObject[] = [];
  #resultCount = 0;

  constructor(messages: readonly ChatMessage[]) {
    for (const result of messages.flatMap(({ content }) => searchResultsOf(content))) {
      this.#add(result);
    }
  }

  addPassages(passages: readonly RetrievedPassage[]): void {
    for (const { passage } of passages) {
      this.#add({ source: citationUrl(passage), title: passage.title, content: [{ text: passage.text }] });
    }
  }

  /** Anthropic's `search_result_location`; undefined for a number that nothing has. */
  of(passageNumber: number): JsonObject | undefined {
    return this.#places[passageNumber - 1];
  }

  #add({ source, title, content }: Omit<SearchResult, "type">): void {
    for (const [block, { text }] of content.entries()) {
      this.#places.push({
        type: "search_result_location",
        cited_text: text,
        source,
        title,
        search_result_index: this.#resultCount,
        start_block_index: block,
        end_block_index: block + 1,
      });
    }
    this.#resultCount++;
  }
}
