import { VECTORIZE_LIMITS } from "../vector-index/limits.ts";
import { deleteDocuments } from "./delete-documents.ts";
import type { DocumentDependencies } from "./ingestion-dependencies.ts";
import { INLINE_VECTORS } from "./steps/sweep-version.ts";

/** Documents, and uploaded vectors, deleted between two looks: few enough to lose little work to an interruption. */
const DOCUMENTS_PAGE = 500;
const PASSAGES_PAGE = 1_000;

/**
 * Deletes a collection really: vectors, text, full-text table, record, contents of documents and what was on its way. Of
 * uploaded passages the store is the only list of their vectors, so a page's text goes after its vectors: an interrupted
 * deletion leaves a smaller collection and can be sent again. Returns the number of passages deleted; throws
 * `unknown_collection`.
 */
export async function deleteCollection(dependencies: DocumentDependencies, name: string): Promise<number> {
  const { store } = dependencies;
  let deleted = 0;
  do {
    deleted += await deleteUploadedPassages(dependencies, name);
    deleted += await deleteAllDocuments(dependencies, name);
    // False when an upload slipped in: its passages go too.
  } while (!(await store.dropEmptyCollection(name)));
  return deleted;
}

async function deleteUploadedPassages({ store, vectorIndex }: DocumentDependencies, name: string): Promise<number> {
  let deleted = 0;
  for (
    let page = await store.firstUploadedIds(name, PASSAGES_PAGE);
    page.length > 0;
    page = await store.firstUploadedIds(name, PASSAGES_PAGE)
  ) {
    const vectorIds = page.map(({ vectorId }) => vectorId);
    for (let start = 0; start < vectorIds.length; start += VECTORIZE_LIMITS.deleteIds) {
      await vectorIndex.deleteByIds(vectorIds.slice(start, start + VECTORIZE_LIMITS.deleteIds));
    }
    const passageIds = page.map(({ passageId }) => passageId);
    await store.deletePassages(name, passageIds);
    deleted += page.length;
  }
  return deleted;
}

async function deleteAllDocuments(dependencies: DocumentDependencies, name: string): Promise<number> {
  let deleted = 0;
  for (;;) {
    const page = await dependencies.catalog.list(name, { limit: DOCUMENTS_PAGE });
    if (page.length === 0) {
      return deleted;
    }
    // The vectors of a large collection are the queue's: a request may make 10,000 calls.
    await deleteDocuments(dependencies, name, page, { inlineVectors: deleted === 0 ? INLINE_VECTORS : 0 });
    deleted += page.reduce((sum, { passageCount }) => sum + passageCount, 0);
  }
}
