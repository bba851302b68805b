import type { CacheStage } from "./caching.ts";

/** Raised when the form of what is kept changes. */
const FORMAT = 1;

/**
 * Name of a cache entry: the stage, and the SHA-256 (hex) of all that the entry depends on, as JSON. Keys of objects are
 * sorted: a filter in another order is the same filter.
 */
export async function cacheKey(stage: CacheStage, parts: readonly unknown[]): Promise<string> {
  const text = JSON.stringify([FORMAT, ...parts], (_key, value: unknown) => sorted(value));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${stage}/${hex}`;
}

function sorted(value: unknown): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
    : value;
}
