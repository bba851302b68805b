/** What is cached, each with a time to live of its own. */
export type CacheStage = "embedding" | "retrieval" | "answer";

/** `bypass`: the cache was not asked, because the client, or the kind of request, forbids it. */
export type CacheResult = "hit" | "miss" | "bypass";

/** How one request may use caches; without it nothing is cached. */
export interface Caching {
  /** Part of every key: nothing is shared across tenants, not even that something was asked before. */
  readonly scope: string;
  /** False: nothing that was kept is used (the client's `no-cache`). */
  readonly canRead: boolean;
  /** False: nothing is kept (the client's `no-store`). */
  readonly canWrite: boolean;
  /** Told of each use. */
  readonly report: (stage: CacheStage, result: CacheResult) => void;
}

/** What `Cache-Control` of a request allows (RFC 9111, 5.2.1). */
export function cacheControlOf(header: string | undefined): Pick<Caching, "canRead" | "canWrite"> {
  const directives = (header ?? "")
    .toLowerCase()
    .split(",")
    .map((directive) => directive.trim());
  const isStore = !directives.includes("no-store");
  return {
    canRead: isStore && !directives.includes("no-cache") && !directives.includes("max-age=0"),
    canWrite: isStore,
  };
}
