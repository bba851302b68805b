import { DurableObject } from "cloudflare:workers";
import { parseEmbeddedIndexSettings } from "../vector-index/embedded-index-settings.ts";
import type { MetadataIndex } from "../vector-index/metadata.ts";
import type { VectorIndexInfo, VectorMatches, VectorMutation, VectorRecord } from "../vector-index/vector-index.ts";
import { vectorizeErrorMessage, type VectorizeOperation } from "../vector-index/vectorize-error.ts";
import { EmbeddedIndex, type VectorList } from "./embedded-index.ts";
import { VectorStore } from "./vector-store.ts";

export interface VectorShardEnv {
  /** JSON, see `EmbeddedIndexSettings`. */
  readonly EMBEDDED_VECTORIZE?: string;
}

/**
 * What a call came to. A refusal is a value: an exception that crosses from an object is reported as uncaught by the runtime,
 * though the caller handles it. `EmbeddedVectorize` throws it as Vectorize's binding does.
 */
export type ShardOutcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string };

/** The Durable Object behind `EmbeddedVectorize`: SQLite, the clock and the isolate's memory for one `EmbeddedIndex`. */
export class VectorShard extends DurableObject<VectorShardEnv> {
  #index: EmbeddedIndex | undefined;

  describe(): ShardOutcome<VectorIndexInfo> {
    return this.#run("INDEX_GET", (index) => index.describe());
  }

  query(vector: unknown, options: unknown): ShardOutcome<VectorMatches> {
    return this.#run("VECTOR_QUERY", (index) => index.query(vector, options));
  }

  queryById(id: unknown, options: unknown): ShardOutcome<VectorMatches> {
    return this.#run("VECTOR_QUERY", (index) => index.queryById(id, options));
  }

  insert(vectors: unknown): ShardOutcome<VectorMutation> {
    return this.#run("VECTOR_INSERT", (index) => index.write("insert", vectors));
  }

  upsert(vectors: unknown): ShardOutcome<VectorMutation> {
    return this.#run("VECTOR_UPSERT", (index) => index.write("upsert", vectors));
  }

  getByIds(ids: unknown): ShardOutcome<VectorRecord[]> {
    return this.#run("VECTOR_GET", (index) => index.getByIds(ids));
  }

  deleteByIds(ids: unknown): ShardOutcome<VectorMutation> {
    return this.#run("VECTOR_DELETE", (index) => index.deleteByIds(ids));
  }

  listVectors(options: unknown): ShardOutcome<VectorList> {
    return this.#run("VECTOR_LIST", (index) => index.listVectors(options));
  }

  createMetadataIndex(index: unknown): ShardOutcome<VectorMutation> {
    return this.#run("METADATA_INDEX", (embedded) => embedded.createMetadataIndex(index));
  }

  listMetadataIndexes(): ShardOutcome<{ metadataIndexes: MetadataIndex[] }> {
    return this.#run("METADATA_INDEX", (index) => index.listMetadataIndexes());
  }

  deleteMetadataIndex(index: unknown): ShardOutcome<VectorMutation> {
    return this.#run("METADATA_INDEX", (embedded) => embedded.deleteMetadataIndex(index));
  }

  #run<Result>(operation: VectorizeOperation, call: (index: EmbeddedIndex) => Result): ShardOutcome<Result> {
    try {
      return { ok: true, value: call((this.#index ??= this.#open())) };
    } catch (error) {
      return { ok: false, message: vectorizeErrorMessage(operation, error) };
    }
  }

  /** On the first call and not in the constructor: a wrong setting must be an error that a caller can read. */
  #open(): EmbeddedIndex {
    const { storage } = this.ctx;
    return new EmbeddedIndex({
      store: new VectorStore(storage.sql),
      settings: parseEmbeddedIndexSettings(this.env.EMBEDDED_VECTORIZE),
      transaction: (write) => storage.transactionSync(write),
      now: () => Date.now(),
      newMutationId: () => crypto.randomUUID(),
    });
  }
}
