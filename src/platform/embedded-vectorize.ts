import { WorkerEntrypoint } from "cloudflare:workers";
import type { MetadataIndex } from "../vector-index/metadata.ts";
import type {
  VectorIndex,
  VectorIndexInfo,
  VectorMatches,
  VectorMutation,
  VectorQueryOptions,
  VectorRecord,
} from "../vector-index/vector-index.ts";
import type { VectorList } from "./embedded-index.ts";
import type { ShardOutcome, VectorShard } from "./vector-shard.ts";

export interface EmbeddedVectorizeEnv {
  readonly VECTOR_SHARD: DurableObjectNamespace<VectorShard>;
}

/** One object holds the whole index. */
const SHARD_NAME = "0";

/**
 * Cloudflare Vectorize without an account: bind it to your own Worker as a service (`entrypoint = "EmbeddedVectorize"`) and use
 * the binding as you would a Vectorize index. Exact search, Vectorize's limits, filters, score conventions and error texts.
 * The last four methods are for local use: the real binding lacks them (REST and wrangler have them).
 */
export class EmbeddedVectorize extends WorkerEntrypoint<EmbeddedVectorizeEnv> implements VectorIndex {
  async describe(): Promise<VectorIndexInfo> {
    return unwrap(await this.#shard().describe());
  }

  async query(vector: Float32Array | number[], options?: VectorQueryOptions): Promise<VectorMatches> {
    return unwrap(await this.#shard().query(vector, options));
  }

  async queryById(id: string, options?: VectorQueryOptions): Promise<VectorMatches> {
    return unwrap(await this.#shard().queryById(id, options));
  }

  async insert(vectors: VectorRecord[]): Promise<VectorMutation> {
    return unwrap(await this.#shard().insert(vectors));
  }

  async upsert(vectors: VectorRecord[]): Promise<VectorMutation> {
    return unwrap(await this.#shard().upsert(vectors));
  }

  async getByIds(ids: string[]): Promise<VectorRecord[]> {
    return unwrap(await this.#shard().getByIds(ids));
  }

  async deleteByIds(ids: string[]): Promise<VectorMutation> {
    return unwrap(await this.#shard().deleteByIds(ids));
  }

  /** A page of at most 1,000 ids (default 100); pass `nextCursor` on as `cursor`. */
  async listVectors(options?: { count?: number; cursor?: string | null }): Promise<VectorList> {
    return unwrap(await this.#shard().listVectors(options));
  }

  /** Makes a property filterable for vectors written from now on; older ones have to be upserted again. */
  async createMetadataIndex(index: MetadataIndex): Promise<VectorMutation> {
    return unwrap(await this.#shard().createMetadataIndex(index));
  }

  async listMetadataIndexes(): Promise<{ metadataIndexes: MetadataIndex[] }> {
    return unwrap(await this.#shard().listMetadataIndexes());
  }

  async deleteMetadataIndex(index: { propertyName: string }): Promise<VectorMutation> {
    return unwrap(await this.#shard().deleteMetadataIndex(index));
  }

  #shard(): DurableObjectStub<VectorShard> {
    return this.env.VECTOR_SHARD.getByName(SHARD_NAME);
  }
}

function unwrap<Value>(outcome: ShardOutcome<Value>): Value {
  if (!outcome.ok) {
    throw new Error(outcome.message);
  }
  return outcome.value;
}
