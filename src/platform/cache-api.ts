import type { CacheStore } from "../caching/cache-store.ts";

/** A host that cannot exist: entries are asked for by this Worker only. */
const ORIGIN = "https://cache.invalid/";

/** Cloudflare's cache of the data centre that serves the request. It does nothing on workers.dev, only on own domains. */
export function createCacheApi(open: () => Promise<Cache>): CacheStore {
  return {
    async get(key) {
      try {
        const response = await (await open()).match(ORIGIN + key);
        return await response?.text();
      } catch {
        return undefined;
      }
    },
    async put(key, value, ttlSeconds) {
      try {
        const headers = { "cache-control": `max-age=${Math.ceil(ttlSeconds)}` };
        await (await open()).put(ORIGIN + key, new Response(value, { headers }));
      } catch {
        // Not kept: it is computed again.
      }
    },
  };
}
