import type { PassageStore } from "../retrieval/passage-store.ts";
import type { Collection, Passage } from "../retrieval/types.ts";
import { AppError } from "../shared/errors.ts";
import { VECTORIZE_LIMITS } from "../vector-index/limits.ts";
import type { VectorIndex, VectorRecord } from "../vector-index/vector-index.ts";
import { parseVectors } from "../vector-index/vector-input.ts";
import { cleanPassage } from "./clean-passage.ts";
import { decodeValues, type VectorValues } from "./decode-values.ts";
import { vectorIdOf } from "./vector-id.ts";

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
 * anything is written. Vectors go first, because only the vector index knows whether it takes them: a refusal
 * (`index_full`) or an outage leaves text, full text and version as they were. When the text fails after them, new vectors
 * point nowhere, which retrieval drops, and replaced ones find the old text, until the retry completes the request. Text
 * first would lose more: every refusal, which no retry mends, would leave passages that only words find. The price: vectors
 * of an upload given up half-way stay in the index, as `deleteCollection` knows vectors by their text only.
 *
 * A request of more than one vector batch (1,000) may be refused at a later one; the vectors before it count as above.
 *
 * Throws `unknown_collection`, `fingerprint_mismatch`, `dims_mismatch`, `invalid_request`, or what the vector index refuses
 * with (`index_full`, `vector_limit`).
 */
export async function upsertPassages(
  { store, vectorIndex }: IngestionDependencies,
  { collection: name, encoderFingerprint, passages }: UpsertPassagesRequest,
): Promise<UpsertPassagesOutcome> {
  const collection = await requireCollection(store, name);
  assertFingerprint(collection, encoderFingerprint);
  // Of equal ids the last counts, in the text store and in the vector index alike.
  const unique = new Map(passages.map((passage, index) => [passage.id, { passage, where: `passages[${index}]` }]));
  const cleaned = [...unique.values()].map(({ passage, where }) => cleanPassage(passage, where));
  const batches = inBatches(
    await Promise.all([...unique.values()].map(({ passage, where }) => toVectorRecord(passage, where, collection))),
    VECTORIZE_LIMITS.batchVectors,
  );
  for (const batch of batches) {
    parseVectors(batch, collection.dims);
  }
  let mutationId: string | undefined;
  for (const batch of batches) {
    ({ mutationId } = await vectorIndex.upsert(batch));
  }
  await store.upsertPassages(name, cleaned);
  return { upserted: cleaned.length, mutationId, collection: await requireCollection(store, name) };
}

function inBatches(records: readonly VectorRecord[], size: number): VectorRecord[][] {
  return Array.from({ length: Math.ceil(records.length / size) }, (_batch, index) =>
    records.slice(index * size, (index + 1) * size),
  );
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
  where: string,
  { name, dims, similarity }: Collection,
): Promise<VectorRecord> {
  const param = `${where}.values`;
  const decoded = decodeValues(values, param);
  if (decoded.length !== dims) {
    throw new AppError(
      "dims_mismatch",
      `${param} has ${decoded.length} dimensions, collection "${name}" has ${dims}; encode with the collection's encoder`,
      { details: { param, expected: dims, got: decoded.length } },
    );
  }
  if (similarity === "cosine" && decoded.every((value) => value === 0)) {
    const message = `${param} is the zero vector, which has no cosine with anything`;
    throw new AppError("invalid_request", message, { details: { param } });
  }
  return { id: await vectorIdOf(name, id), values: decoded, namespace: name, metadata };
}
