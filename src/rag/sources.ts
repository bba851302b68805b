import { searchResultsOf } from "../generation/search-result.ts";
import type { ChatMessage } from "../generation/target-lm.ts";
import type { RetrievedPassage } from "../retrieval/types.ts";

/**
 * What the client itself has found and put into the conversation, as passages: one for each block of each search result, in
 * order. They have the first citation numbers; what we retrieve goes on from there.
 */
export function sourcesOf(messages: readonly ChatMessage[]): readonly RetrievedPassage[] {
  return messages
    .flatMap(({ content }) => searchResultsOf(content))
    .flatMap(({ source, title, content }, result) =>
      content.map(({ text }, block) => ({ id: `search-result-${result}-${block}`, source, title, text })),
    )
    .map(({ id, source, title, text }, index) => ({
      passage: { id, documentId: source, title, text, url: source, metadata: {} },
      score: 0,
      rank: index + 1,
    }));
}
