/**
 * Vectorize V2's limits. Source: developers.cloudflare.com/vectorize/platform/limits and the changelog of 2026-03-16 (topK 50)
 * unless the comment says otherwise.
 */
export const VECTORIZE_LIMITS = {
  /** Of one index; changelog of 2026-08-04. */
  vectors: 20_000_000,
  dimensions: 1536,
  idBytes: 64,
  namespaceBytes: 64,
  /** Compact JSON of one vector's metadata. */
  metadataBytes: 10 * 1024,
  /** Metadata and filter keys, in characters (UTF-16 code units). */
  keyLength: 512,
  metadataIndexes: 10,
  /** What a string metadata index holds of a value, and what `returnMetadata: "indexed"` returns of it. */
  indexedStringBytes: 64,
  /** The filter's compact JSON must be SHORTER than this. */
  filterBytes: 2048,
  topK: 100,
  /** With `returnValues` or `returnMetadata: "all"`. */
  topKWithPayload: 50,
  defaultTopK: 5,
  /** Vectors of one `insert` or `upsert` through the Workers binding (5,000 over HTTP). */
  batchVectors: 1000,
  /** Ids of one `getByIds`. Undocumented; the service answers "max id count is 20". */
  getIds: 20,
  /** Ids of one `deleteByIds`. Undocumented; the service answers "max id count is 100". */
  deleteIds: 100,
  namespacesFree: 1000,
  namespacesPaid: 50_000,
  listCount: 1000,
  defaultListCount: 100,
} as const;

/** 38.4 MB of int8 codes, so that the whole object stays well under a Worker's 128 MB. */
const MAX_CODE_BYTES = 100_000 * 384;
const MAX_VECTORS = 100_000;

/** How many vectors of `dimensions` one embedded index takes: 100,000 of up to 384, 25,000 of 1,536. */
export function embeddedCapacity(dimensions: number): number {
  return Math.min(MAX_VECTORS, Math.floor(MAX_CODE_BYTES / dimensions));
}
