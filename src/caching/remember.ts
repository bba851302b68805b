import type { CacheStore } from "./cache-store.ts";
import type { Caching, CacheStage } from "./caching.ts";

/** Where a stage keeps what it has found out, and for how long. */
export interface StageCache {
  readonly store: CacheStore;
  readonly ttlSeconds: number;
  /** Keeps the isolate alive until it is written. */
  readonly defer: (work: Promise<unknown>) => void;
}

export interface RememberOptions<Value> {
  readonly stage: CacheStage;
  readonly cache: StageCache;
  readonly caching: Caching;
  readonly key: () => Promise<string>;
  /** Undefined: what was kept cannot be read. */
  readonly decode: (text: string) => Value | undefined;
  /** Undefined: not to be kept. */
  readonly encode: (value: Value) => string | undefined;
}

/** What was kept under the key, or what `compute` finds out; as far as the request allows. */
export async function remember<Value>(
  compute: () => Promise<Value>,
  { stage, cache, caching, key: keyOf, decode, encode }: RememberOptions<Value>,
): Promise<{ readonly value: Value; readonly isHit: boolean }> {
  const { canRead, canWrite, report } = caching;
  if (!canRead && !canWrite) {
    report(stage, "bypass");
    return { value: await compute(), isHit: false };
  }
  const key = await keyOf();
  const text = canRead ? await cache.store.get(key) : undefined;
  const known = text === undefined ? undefined : decode(text);
  if (known !== undefined) {
    report(stage, "hit");
    return { value: known, isHit: true };
  }
  report(stage, canRead ? "miss" : "bypass");
  const value = await compute();
  const encoded = canWrite ? encode(value) : undefined;
  if (encoded !== undefined) {
    cache.defer(cache.store.put(key, encoded, cache.ttlSeconds));
  }
  return { value, isHit: false };
}
