import { VECTORIZE_LIMITS } from "../vector-index/limits.ts";
import type { IngestionDependencies } from "./upsert-passages.ts";

/** Vectors deleted between two writes to the store: few enough to lose little work to an interruption. */
const PAGE = 1_000;

/**
 * Deletes a collection really: vectors, text, full-text table, record. The store is the only list of the vectors, so a
 * page's text goes after its vectors: an interrupted deletion leaves a smaller collection and can be sent again. Returns
 * the number of passages deleted; throws `unknown_collection`.
 */
export async function deleteCollection({ store, vectorIndex }: IngestionDependencies, name: string): Promise<number> {
  let deleted = 0;
  do {
    for (let page = await store.firstIds(name, PAGE); page.length > 0; page = await store.firstIds(name, PAGE)) {
      const vectorIds = page.map(({ vectorId }) => vectorId);
      for (let start = 0; start < vectorIds.length; start += VECTORIZE_LIMITS.deleteIds) {
        await vectorIndex.deleteByIds(vectorIds.slice(start, start + VECTORIZE_LIMITS.deleteIds));
      }
      const passageIds = page.map(({ passageId }) => passageId);
      await store.deletePassages(name, passageIds);
      deleted += page.length;
    }
    // False when an upload slipped in: its passages go too.
  } while (!(await store.dropEmptyCollection(name)));
  return deleted;
}
