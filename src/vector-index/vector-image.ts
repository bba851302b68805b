import { passesFilter, type FilterClause } from "./filter.ts";
import { createMetadataColumn, type MetadataColumn } from "./metadata-column.ts";
import type { IndexedValue, MetadataIndex } from "./metadata.ts";
import { NamespacePostings } from "./namespace-postings.ts";
import type { QuantizedRow } from "./quantize.ts";
import { ScanMemory } from "./scan-memory.ts";
import type { VectorMetric } from "./similarity.ts";

/** How much of an error in the dot product shows in the similarity of a vector of that length. */
const AMPLIFICATIONS = {
  cosine: (norm) => (norm === 0 ? 0 : 1 / norm),
  euclidean: () => 2,
  "dot-product": () => 1,
} satisfies Record<VectorMetric, (norm: number) => number>;

export interface ImageRow extends QuantizedRow {
  readonly namespace: number;
  readonly indexed: Iterable<readonly [propertyName: string, value: IndexedValue]>;
}

export interface VectorImageOptions {
  readonly dimensions: number;
  readonly metric: VectorMetric;
  readonly capacity: number;
  /** The kernel, see `ScanMemory`. */
  readonly module: WebAssembly.Module;
}

/**
 * What a search reads, in memory: int8 codes, 36 bytes of numbers a row, namespaces and metadata columns; no ids, no float32.
 * Rows have slots, small numbers that the store uses as primary keys; a deleted vector's slot is used again.
 *
 * The similarity of a row (see `similarity`) lies within factor·(scaled dot of the codes) + offset ± bound, where
 * bound = rowBound·|query| + queryBound·|query residual|. Proof: with x = s·c + r and y = t·p + e,
 * x·y = s·t·(c·p) + s·c·e + r·y, and Cauchy-Schwarz bounds the last two by |s·c|·|e| and |r|·|y|.
 */
export class VectorImage {
  readonly dimensions: number;
  readonly metric: VectorMetric;
  readonly capacity: number;
  readonly memory: ScanMemory;
  readonly #namespaces: NamespacePostings;
  /** Longest vector seen: scales the allowance for float64 rounding. */
  maxNorm = 0;
  #size = 0;
  #end = 0;
  readonly #freeSlots: number[] = [];
  readonly #columns = new Map<string, MetadataColumn>();

  constructor({ dimensions, metric, capacity, module }: VectorImageOptions) {
    this.dimensions = dimensions;
    this.metric = metric;
    this.capacity = capacity;
    this.memory = new ScanMemory({ module, dimensions, capacity });
    this.#namespaces = new NamespacePostings(capacity);
  }

  /** Live vectors. */
  get size(): number {
    return this.#size;
  }

  /** Namespace number of a live slot. */
  namespaceOf(slot: number): number {
    return this.#namespaces.namespaceOf(slot);
  }

  /** Live vectors of a namespace. */
  namespaceSize(namespace: number): number {
    return this.#namespaces.count(namespace);
  }

  addColumn(index: MetadataIndex): void {
    this.#columns.set(index.propertyName, createMetadataColumn(index.indexType, this.capacity));
  }

  deleteColumn(propertyName: string): void {
    this.#columns.delete(propertyName);
  }

  /** A slot for a new vector; throws a RangeError when none is left, which the caller has to rule out before. */
  takeSlot(): number {
    const slot = this.#freeSlots.pop() ?? this.#end;
    if (slot >= this.capacity) {
      throw new RangeError(`no slot left of ${this.capacity}`);
    }
    this.#end = Math.max(this.#end, slot + 1);
    return slot;
  }

  /** Loading: slots up to `end` that hold no vector are free again. */
  releaseGaps(): void {
    for (let slot = this.#end - 1; slot >= 0; slot -= 1) {
      if (!this.#namespaces.isLive(slot)) {
        this.#freeSlots.push(slot);
      }
    }
  }

  /** Writes a row, over whatever the slot held. */
  set(slot: number, row: ImageRow): void {
    this.#end = Math.max(this.#end, slot + 1);
    this.#size += this.#namespaces.isLive(slot) ? 0 : 1;
    this.#namespaces.set(slot, row.namespace);
    const amplification = AMPLIFICATIONS[this.metric](row.norm);
    this.memory.writeRow(slot, {
      codes: row.codes,
      // 0 for cosine's zero vectors, whose similarity is 0 by definition.
      factor: row.scale * amplification,
      offset: this.metric === "euclidean" ? -(row.norm ** 2) : 0,
      rowBound: row.residual * amplification,
      queryBound: (row.norm + row.residual) * amplification,
    });
    this.maxNorm = Math.max(this.maxNorm, row.norm);
    this.#setColumns(slot, new Map(row.indexed));
  }

  delete(slot: number): void {
    this.#size -= this.#namespaces.isLive(slot) ? 1 : 0;
    this.#namespaces.delete(slot);
    this.#setColumns(slot, new Map());
    this.#freeSlots.push(slot);
  }

  /**
   * Leaves in the scan's memory (`memory.slots`) the live slots of the namespace (all when undefined) that pass every clause,
   * ascending, and answers how many they are. They last until the next selection, scan or write.
   */
  select(namespace: number | undefined, clauses: readonly FilterClause[]): number {
    const { slots } = this.memory;
    let count = this.#namespaces.copySlots(namespace, slots);
    for (const { propertyName, test } of clauses) {
      const column = this.#columns.get(propertyName);
      if (column !== undefined) {
        count = column.keep(test, slots, count);
      } else if (!passesFilter(test, undefined)) {
        count = 0;
      }
    }
    return count;
  }

  #setColumns(slot: number, values: ReadonlyMap<string, IndexedValue>): void {
    for (const [propertyName, column] of this.#columns) {
      column.set(slot, values.get(propertyName));
    }
  }
}
