import kernelModule from "../encoder/engine/kernel-relaxed.wasm";
import type { EmbeddedIndexSettings } from "../vector-index/embedded-index-settings.ts";
import { quantizeRow } from "../vector-index/quantize.ts";
import { VectorImage } from "../vector-index/vector-image.ts";
import type { MetadataIndexes } from "./metadata-indexes.ts";
import { NO_NAMESPACE, type IndexedVector, type MutationKind, type VectorStore } from "./vector-store.ts";

export interface LoadedIndexOptions {
  readonly store: VectorStore;
  readonly settings: EmbeddedIndexSettings;
  readonly capacity: number;
  readonly metadataIndexes: MetadataIndexes;
}

/**
 * The part of the index that lives in memory, kept in step with the store; thrown away when a transaction fails. It is scanned by the
 * encoder's kernel: workerd knows relaxed SIMD.
 */
export class LoadedIndex {
  readonly image: VectorImage;
  /** Names of the namespaces that have vectors. */
  readonly namespaces: Map<string, number>;
  readonly #store: VectorStore;
  readonly #metadataIndexes: MetadataIndexes;

  /** Streams every row's codes out of SQLite; float32 values, ids and metadata stay there. */
  constructor({ store, settings, capacity, metadataIndexes }: LoadedIndexOptions) {
    const { dimensions, metric } = settings;
    this.#store = store;
    this.#metadataIndexes = metadataIndexes;
    this.image = new VectorImage({ dimensions, metric, capacity, module: kernelModule });
    for (const index of metadataIndexes.list()) {
      this.image.addColumn(index);
    }
    for (const { slot, indexed, ...row } of store.rows()) {
      this.image.set(slot, { ...row, indexed: metadataIndexes.readIndexed(indexed) });
    }
    this.image.releaseGaps();
    this.namespaces = store.namespaces();
  }

  /** Writes one mutation to store and image; the caller holds the transaction and has checked that there is room. */
  apply(kind: MutationKind, vectors: readonly IndexedVector[]): void {
    const slots = this.#store.slotsOf(vectors.map(({ id }) => id));
    const left = new Set<number>();
    for (const vector of vectors) {
      const { id } = vector;
      const slot = slots.get(id);
      if (slot === undefined) {
        if (kind !== "delete") {
          slots.set(id, this.#put(this.image.takeSlot(), vector));
        }
      } else if (kind !== "insert") {
        left.add(this.image.namespaceOf(slot));
        if (kind === "upsert") {
          this.#put(slot, vector);
        } else {
          this.#store.deleteVector(slot);
          this.image.delete(slot);
          slots.delete(id);
        }
      }
    }
    this.#dropEmptyNamespaces(left);
  }

  #put(slot: number, vector: IndexedVector): number {
    const row = { ...quantizeRow(vector.values), namespace: this.#namespaceNumber(vector.namespace) };
    this.#store.writeVector(slot, vector, row);
    this.image.set(slot, { ...row, indexed: this.#metadataIndexes.readIndexed(vector.indexed) });
    return slot;
  }

  #namespaceNumber(name: string | null): number {
    if (name === null) {
      return NO_NAMESPACE;
    }
    const number = this.namespaces.get(name) ?? this.#store.addNamespace(name);
    this.namespaces.set(name, number);
    return number;
  }

  /** A namespace lasts as long as it has vectors. */
  #dropEmptyNamespaces(left: ReadonlySet<number>): void {
    for (const [name, number] of left.size === 0 ? [] : this.namespaces) {
      if (left.has(number) && this.image.namespaceSize(number) === 0) {
        this.#store.deleteNamespace(number);
        this.namespaces.delete(name);
      }
    }
  }
}
