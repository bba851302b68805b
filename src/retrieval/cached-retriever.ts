import { cacheKey } from "../caching/cache-key.ts";
import type { Caching } from "../caching/caching.ts";
import { remember, type StageCache } from "../caching/remember.ts";
import type { Retriever, RetrieveOutcome, RetrieveRequest } from "./types.ts";

export interface CachedRetrieverOptions {
  readonly retriever: Retriever;
  readonly cache: StageCache;
  /** Names what turns the request's query into a vector: another encoder or adapter, another name. */
  readonly querySideOf: (request: RetrieveRequest) => Promise<string>;
}

/**
 * Retrieval that keeps what it found, by tenant, collection and its version, query side, query, mode, filter and the rest of
 * what is asked: a write raises the version, so what was found before it is never served after it. What was kept costs no
 * tokens and no vectors. Degraded outcomes are not kept.
 */
export function createCachedRetriever({ retriever, cache, querySideOf }: CachedRetrieverOptions): Retriever {
  return {
    async retrieve(request) {
      const { caching } = request;
      // Why a query side cannot be named, retrieval itself finds out, and says.
      const querySide = request.mode === "lexical" ? "" : await querySideOf(request).catch(() => undefined);
      if (caching === undefined || querySide === undefined) {
        return await retriever.retrieve(request);
      }
      const { value, isHit } = await remember(() => retriever.retrieve(request), {
        stage: "retrieval",
        cache,
        caching,
        key: () => keyOf(request, caching, querySide),
        encode: (outcome) => (outcome.degraded.length > 0 ? undefined : JSON.stringify(outcome)),
        // Written above and nowhere else.
        decode: (text) => JSON.parse(text) as RetrieveOutcome,
      });
      return isHit ? { ...value, timings: {}, usage: { embedTokens: 0, vectorsQueried: 0 } } : value;
    },
  };
}

async function keyOf(
  { query, collection, mode, topK, filter, minScore }: RetrieveRequest,
  { scope }: Caching,
  querySide: string,
): Promise<string> {
  const { name, id, version, encoderFingerprint, fusion } = collection;
  return await cacheKey("retrieval", [
    scope,
    { name, id, version, encoderFingerprint, fusion },
    querySide,
    query,
    { mode, topK, filter: filter ?? null, minScore: minScore ?? null },
  ]);
}
