import type { PassageStore } from "./passage-store.ts";
import type { Leg } from "./types.ts";

export interface LexicalRetrieverOptions {
  readonly store: Pick<PassageStore, "searchLexical">;
  readonly now: () => number;
}

/** Full-text search (bm25) as a leg. */
export function createLexicalRetriever({ store, now }: LexicalRetrieverOptions): Leg {
  return {
    async retrieve({ query, collection, depth, filter }) {
      const startedAt = now();
      const run = await store.searchLexical({
        collection: collection.name,
        query,
        depth,
        ...(filter === undefined ? {} : { filter }),
      });
      return { run, timings: { lexical: now() - startedAt }, embedTokens: 0, vectorsQueried: 0 };
    },
  };
}
