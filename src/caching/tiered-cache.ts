import type { CacheStore } from "./cache-store.ts";

export interface TieredCacheOptions {
  /** Asked first. */
  readonly near: CacheStore;
  readonly far: CacheStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A near cache before a far one. What the far one has is kept near for what is left of its time. */
export function createTieredCache({ near, far, now }: TieredCacheOptions): CacheStore {
  return {
    async get(key) {
      const known = await near.get(key);
      if (known !== undefined) {
        return known;
      }
      const [until, value] = split((await far.get(key)) ?? "");
      const seconds = (until - now()) / 1000;
      if (!(seconds > 0)) {
        return undefined;
      }
      await near.put(key, value, seconds);
      return value;
    },
    async put(key, value, ttlSeconds) {
      const envelope = `${now() + ttlSeconds * 1000}\n${value}`;
      await Promise.all([near.put(key, value, ttlSeconds), far.put(key, envelope, ttlSeconds)]);
    },
  };
}

/** The far one's entries begin with the line of their end, because it does not tell. */
function split(envelope: string): readonly [until: number, value: string] {
  const end = envelope.indexOf("\n");
  return end < 0 ? [0, ""] : [Number(envelope.slice(0, end)), envelope.slice(end + 1)];
}
