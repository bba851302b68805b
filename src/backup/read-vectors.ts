import { VECTORIZE_LIMITS } from "../vector-index/limits.ts";
import type { VectorIndex } from "../vector-index/vector-index.ts";

/** Calls under way at a time: a Worker may have six open connections. */
const PARALLEL_CALLS = 5;

/** Vectors by their ids; those that the index does not show are left out. */
export async function readVectors(
  vectorIndex: VectorIndex,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  const atOnce = VECTORIZE_LIMITS.getIds * PARALLEL_CALLS;
  for (let start = 0; start < ids.length; start += atOnce) {
    const calls: Promise<void>[] = [];
    for (let first = start; first < Math.min(start + atOnce, ids.length); first += VECTORIZE_LIMITS.getIds) {
      calls.push(readInto(found, vectorIndex, ids.slice(first, first + VECTORIZE_LIMITS.getIds)));
    }
    await Promise.all(calls);
  }
  return found;
}

async function readInto(found: Map<string, Float32Array>, vectorIndex: VectorIndex, ids: string[]): Promise<void> {
  for (const { id, values } of await vectorIndex.getByIds(ids)) {
    found.set(id, Float32Array.from(values));
  }
}
