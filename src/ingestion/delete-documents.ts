import { VECTORIZE_LIMITS } from "../vector-index/limits.ts";
import type { VectorFilter } from "../vector-index/vector-index.ts";
import type { DocumentRecord } from "./documents/document.ts";
import type { DocumentDependencies } from "./ingestion-dependencies.ts";
import { INLINE_VECTORS, sweepVersions, type SweepVersionsOptions } from "./steps/sweep-version.ts";

/** Documents that are deleted in one transaction. */
const PAGE = 100;
/** Documents that one request, or one message, deletes. */
const MAX_AT_ONCE = 1_000;

export interface DeleteMatchingOptions {
  readonly collection: string;
  /** Undefined: all. */
  readonly filter?: VectorFilter | undefined;
  /** Documents whose latest version is newer were sent after the deletion was asked for. */
  readonly upToVersion: number;
}

/**
 * Deletes documents really: text and full text at once, in one transaction, vectors and contents right after it. While the
 * vector index does not answer, the queue keeps trying; no search finds the documents meanwhile.
 */
export async function deleteDocuments(
  dependencies: DocumentDependencies,
  collection: string,
  documents: readonly Pick<DocumentRecord, "id">[],
  options: SweepVersionsOptions = {},
): Promise<void> {
  const ids = documents.map(({ id }) => id);
  const retired = await dependencies.versions.retireDocuments(collection, ids);
  await deleteUploaded(dependencies, collection, ids);
  await sweepVersions(dependencies, retired, options);
}

/** Deletes the documents whose metadata passes the filter; what is more than a request can do, the queue does. */
export async function deleteMatching(
  dependencies: DocumentDependencies,
  { collection, filter, upToVersion }: DeleteMatchingOptions,
): Promise<void> {
  let last: DocumentRecord | undefined;
  for (let deleted = 0; deleted < MAX_AT_ONCE; deleted += PAGE) {
    const page = await dependencies.catalog.list(collection, { limit: PAGE, filter, upToVersion, afterPlace: last });
    await deleteDocuments(dependencies, collection, page, { inlineVectors: deleted === 0 ? INLINE_VECTORS : 0 });
    last = page.at(-1);
    if (page.length < PAGE) {
      return;
    }
  }
  await dependencies.queue.send([
    { type: "delete", collection, upToVersion, ...(filter === undefined ? {} : { filter }) },
  ]);
}

/** Passages that came with their vectors: only the store knows those, so they go first. */
async function deleteUploaded(
  { store, vectorIndex }: DocumentDependencies,
  collection: string,
  documents: readonly string[],
): Promise<void> {
  for (
    let page = await store.uploadedIdsOfDocuments(collection, documents, VECTORIZE_LIMITS.deleteIds);
    page.length > 0;
    page = await store.uploadedIdsOfDocuments(collection, documents, VECTORIZE_LIMITS.deleteIds)
  ) {
    await vectorIndex.deleteByIds(page.map(({ vectorId }) => vectorId));
    await store.deletePassages(
      collection,
      page.map(({ passageId }) => passageId),
    );
  }
}
