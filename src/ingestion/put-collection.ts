import type { CollectionSettings } from "../retrieval/passage-store.ts";
import type { Collection } from "../retrieval/types.ts";
import { AppError } from "../shared/errors.ts";
import type { IngestionDependencies } from "./upsert-passages.ts";

/**
 * Creates a collection or changes its settings. Throws `dims_mismatch` when its vectors could never enter the vector index,
 * so that no upload finds out half-way, and `fingerprint_mismatch` when it holds passages of another encoder.
 */
export async function putCollection(
  { store, vectorIndex }: IngestionDependencies,
  settings: CollectionSettings,
): Promise<Collection> {
  const { dimensions } = await vectorIndex.describe();
  if (dimensions !== settings.dims) {
    throw new AppError(
      "dims_mismatch",
      `collection "${settings.name}" is to hold vectors of ${settings.dims} dimensions, the vector index has ${dimensions}; use an encoder of ${dimensions} dimensions or create an index of ${settings.dims}`,
      { details: { param: "dims", expected: dimensions, got: settings.dims } },
    );
  }
  return store.putCollection(settings);
}
