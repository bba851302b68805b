import type { CacheSettings } from "./cache-settings.ts";
import type { CacheStore } from "./cache-store.ts";
import type { CacheStage } from "./caching.ts";
import type { StageCache } from "./remember.ts";

export interface StageCachesOptions extends Pick<StageCache, "defer"> {
  readonly settings: CacheSettings;
  /** Entries of the stages have names of their own in it. */
  readonly store: CacheStore;
}

/** The cache of each stage; undefined where the configuration keeps nothing. */
export function createStageCaches({
  settings,
  store,
  defer,
}: StageCachesOptions): Readonly<Record<CacheStage, StageCache | undefined>> {
  const cacheOf = (stage: CacheStage): StageCache | undefined => {
    const ttlSeconds = settings[stage]?.ttlSeconds;
    return ttlSeconds === undefined ? undefined : { store, ttlSeconds, defer };
  };
  return { embedding: cacheOf("embedding"), retrieval: cacheOf("retrieval"), answer: cacheOf("answer") };
}
