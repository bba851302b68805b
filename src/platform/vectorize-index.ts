import type { VectorIndex } from "../vector-index/vector-index.ts";
import { appErrorFromVectorize } from "../vector-index/vectorize-error.ts";

/**
 * A Vectorize binding, embedded or real, as the rest of the Worker sees it: what it throws has become an `AppError`. Options
 * are copied, because the real binding's wrapper writes into the caller's object.
 */
export function createVectorizeIndex(binding: VectorIndex): VectorIndex {
  return {
    describe: () => translated(() => binding.describe()),
    query: (vector, options) => translated(() => binding.query(vector, { ...options })),
    queryById: (id, options) => translated(() => binding.queryById(id, { ...options })),
    insert: (vectors) => translated(() => binding.insert(vectors)),
    upsert: (vectors) => translated(() => binding.upsert(vectors)),
    getByIds: (ids) => translated(() => binding.getByIds(ids)),
    deleteByIds: (ids) => translated(() => binding.deleteByIds(ids)),
  };
}

async function translated<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw appErrorFromVectorize(error);
  }
}
