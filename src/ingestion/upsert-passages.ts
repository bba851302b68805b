import type { PassageStore } from "../retrieval/passage-store.ts";
import type { Collection, Passage } from "../retrieval/types.ts";
import { AppError } from "../shared/errors.ts";
import type { VectorIndex, VectorRecord } from "../vector-index/vector-index.ts";
import { decodeValues, type VectorValues } from "./decode-values.ts";
import { vectorIdOf } from "./vector-id.ts";

/** Vectorize takes at most 1,000 vectors an upsert from a Worker. */
const MAX_VECTORS_PER_UPSERT = 1_000;

/** A passage with its embedding, made offline by the collection's encoder. */
export interface EncodedPassage extends Passage {
  readonly values: VectorValues;
}

export interface UpsertPassagesRequest {
  /** Name of an existing collection. */
  readonly collection: string;
  /** Of the encoder that made `values`. */
  readonly encoderFingerprint: string;
  readonly passages: readonly EncodedPassage[];
}

export interface IngestionDependencies {
  readonly store: PassageStore;
  readonly vectorIndex: VectorIndex;
}

export interface UpsertPassagesOutcome {
  readonly upserted: number;
  /** Of the last vector batch; undefined when there was nothing to write. */
  readonly mutationId: string | undefined;
  readonly collection: Collection;
}

/**
 * Writes passages and their vectors; sending the same request again gives the same state. Everything is checked before
 * anything is written. Text goes first: should the vectors fail then, the passages are found by words at least, the
 * request fails, and the retry completes it. The other order would leave vectors that point nowhere.
 *
 * Throws `unknown_collection`, `fingerprint_mismatch`, `dims_mismatch` or `invalid_request`.
 */
export async function upsertPassages(
  { store, vectorIndex }: IngestionDependencies,
  { collection: name, encoderFingerprint, passages }: UpsertPassagesRequest,
): Promise<UpsertPassagesOutcome> {
  const collection = await requireCollection(store, name);
  assertFingerprint(collection, encoderFingerprint);
  const records = await Promise.all(passages.map((passage, index) => toVectorRecord(passage, index, collection)));
  await store.upsertPassages(
    name,
    passages.map(({ values: _values, ...passage }) => passage),
  );
  let mutationId: string | undefined;
  for (let start = 0; start < records.length; start += MAX_VECTORS_PER_UPSERT) {
    ({ mutationId } = await vectorIndex.upsert(records.slice(start, start + MAX_VECTORS_PER_UPSERT)));
  }
  return { upserted: records.length, mutationId, collection: await requireCollection(store, name) };
}

async function requireCollection(store: PassageStore, name: string): Promise<Collection> {
  const collection = await store.getCollection(name);
  if (collection === undefined) {
    throw new AppError("unknown_collection", `there is no collection "${name}"; create it first`, {
      details: { collection: name },
    });
  }
  return collection;
}

function assertFingerprint(collection: Collection, got: string): void {
  if (got !== collection.encoderFingerprint) {
    throw new AppError(
      "fingerprint_mismatch",
      `the passages were encoded by ${got}, collection "${collection.name}" holds vectors of ${collection.encoderName} (${collection.encoderFingerprint}); encode them with that encoder or upload to another collection`,
      { details: { expected: collection.encoderFingerprint, got } },
    );
  }
}

async function toVectorRecord(
  { id, metadata, values }: EncodedPassage,
  index: number,
  { name, dims, similarity }: Collection,
): Promise<VectorRecord> {
  const where = `passages[${index}].values`;
  const decoded = decodeValues(values, where);
  if (decoded.length !== dims) {
    throw new AppError(
      "dims_mismatch",
      `${where} has ${decoded.length} dimensions, collection "${name}" has ${dims}; encode with the collection's encoder`,
      { details: { param: where, expected: dims, got: decoded.length } },
    );
  }
  if (similarity === "cosine" && decoded.every((value) => value === 0)) {
    throw new AppError("invalid_request", `${where} is the zero vector, which has no cosine with anything`, {
      details: { param: where },
    });
  }
  return { id: await vectorIdOf(name, id), values: decoded, namespace: name, metadata };
}
