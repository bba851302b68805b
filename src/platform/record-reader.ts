import { metadataFromIndexed } from "../vector-index/metadata.ts";
import type { ParsedQueryOptions } from "../vector-index/query-options.ts";
import type { VectorMatch, VectorMetadata } from "../vector-index/vector-index.ts";
import type { MetadataIndexes } from "./metadata-indexes.ts";
import type { StoredRecord, VectorStore } from "./vector-store.ts";

/** What answers tell of stored vectors. */
export class RecordReader {
  readonly #store: VectorStore;
  readonly #metadataIndexes: MetadataIndexes;

  constructor(store: VectorStore, metadataIndexes: MetadataIndexes) {
    this.#store = store;
    this.#metadataIndexes = metadataIndexes;
  }

  /** Float32 values by slot. */
  values(records: Iterable<StoredRecord>): Map<number, number[]> {
    const values = new Map<number, number[]>();
    for (const [slot, floats] of this.#store.readVectors(Array.from(records, ({ slot }) => slot))) {
      values.set(slot, [...floats]);
    }
    return values;
  }

  /** Namespace and metadata, each left out when there is none. */
  describe(
    record: StoredRecord,
    level: ParsedQueryOptions["returnMetadata"],
  ): Pick<VectorMatch, "namespace" | "metadata"> {
    const namespace = record.namespace === null ? {} : { namespace: record.namespace };
    if (level === "none" || record.metadata === null) {
      return namespace;
    }
    if (level === "indexed") {
      return { ...namespace, metadata: metadataFromIndexed(this.#metadataIndexes.readIndexed(record.indexed)) };
    }
    // Checked by `serializeMetadata` before it was stored.
    return { ...namespace, metadata: JSON.parse(record.metadata) as VectorMetadata };
  }
}
