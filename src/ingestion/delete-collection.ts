import type { IngestionDependencies } from "./upsert-passages.ts";

/** Vectorize refuses more ids a `deleteByIds` (error 40007). */
const MAX_IDS_PER_DELETE = 100;
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
    let page = await store.firstVectorIds(name, PAGE);
    while (page.cursor !== undefined) {
      for (let start = 0; start < page.vectorIds.length; start += MAX_IDS_PER_DELETE) {
        await vectorIndex.deleteByIds(page.vectorIds.slice(start, start + MAX_IDS_PER_DELETE));
      }
      await store.deletePassagesUpTo(name, page.cursor);
      deleted += page.vectorIds.length;
      page = await store.firstVectorIds(name, PAGE);
    }
    // False when an upload slipped in: its passages go too.
  } while (!(await store.dropEmptyCollection(name)));
  return deleted;
}
