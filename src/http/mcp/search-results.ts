import { citationUrl } from "../../retrieval/citation-url.ts";
import type { RetrievedPassage } from "../../retrieval/types.ts";
import type { SearchResults } from "../schemas/mcp.ts";

/** One result a document, best first, with the passage that it was found by. */
export function searchResults(passages: readonly RetrievedPassage[]): SearchResults {
  const best = new Map<string, RetrievedPassage["passage"]>();
  for (const { passage } of passages) {
    if (!best.has(passage.documentId)) {
      best.set(passage.documentId, passage);
    }
  }
  return {
    results: [...best.values()].map((passage) => ({
      id: passage.documentId,
      title: passage.title,
      url: citationUrl(passage),
      text: passage.text,
    })),
  };
}
