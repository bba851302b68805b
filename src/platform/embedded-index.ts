import type { EmbeddedIndexSettings } from "../vector-index/embedded-index-settings.ts";
import { exactSearch } from "../vector-index/exact-search.ts";
import { embeddedCapacity, VECTORIZE_LIMITS } from "../vector-index/limits.ts";
import { parseListOptions } from "../vector-index/list-options.ts";
import type { MetadataIndex } from "../vector-index/metadata.ts";
import { parseQueryOptions, type ParsedQueryOptions } from "../vector-index/query-options.ts";
import { scoreOf } from "../vector-index/similarity.ts";
import type {
  VectorIndexInfo,
  VectorMatch,
  VectorMatches,
  VectorMutation,
  VectorRecord,
} from "../vector-index/vector-index.ts";
import { parseIds, parseQueryVector, parseVectors, type AcceptedVector } from "../vector-index/vector-input.ts";
import { vectorizeProblem } from "../vector-index/vectorize-problem.ts";
import { LoadedIndex } from "./loaded-index.ts";
import { MetadataIndexes } from "./metadata-indexes.ts";
import { MutationQueue, type Mutation } from "./mutation-queue.ts";
import { RecordReader } from "./record-reader.ts";
import type { IndexedVector, MutationKind, VectorStore } from "./vector-store.ts";

export interface EmbeddedIndexOptions {
  readonly store: VectorStore;
  readonly settings: EmbeddedIndexSettings;
  /** Runs all or nothing. */
  readonly transaction: (write: () => void) => void;
  readonly now: () => number;
  readonly newMutationId: () => string;
  /** Vectors; default by the dimensions, see `embeddedCapacity`. */
  readonly capacity?: number;
}

/** A page of ids. Vectorize's REST answer, without its snapshot: the cursor is a position in the order of ids. */
export interface VectorList {
  vectors: { id: string }[];
  count: number;
  totalCount: number;
  isTruncated: boolean;
  nextCursor: string | null;
}

/**
 * The embedded Vectorize: its rules over a store and a memory image, synchronous and therefore serial. Arguments are `unknown`:
 * they come over RPC from whatever program uses the binding. Throws `AppError`s made by `vectorizeProblem`.
 */
export class EmbeddedIndex {
  readonly #store: VectorStore;
  readonly #settings: EmbeddedIndexSettings;
  readonly #options: EmbeddedIndexOptions;
  readonly #capacity: number;
  readonly #metadataIndexes: MetadataIndexes;
  readonly #records: RecordReader;
  readonly #queue: MutationQueue;
  #loaded: LoadedIndex | undefined;

  constructor(options: EmbeddedIndexOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#settings = options.settings;
    this.#capacity = options.capacity ?? embeddedCapacity(options.settings.dimensions);
    this.#queue = new MutationQueue(options.store);
    this.#checkShape();
    this.#metadataIndexes = new MetadataIndexes(options.store, options.settings);
    this.#records = new RecordReader(options.store, this.#metadataIndexes);
  }

  describe(): VectorIndexInfo {
    this.#applyDue();
    return {
      vectorCount: this.#vectorCount(),
      dimensions: this.#settings.dimensions,
      // Empty before the first mutation.
      processedUpToDatetime: this.#store.readState("processedUpToDatetime") ?? "",
      processedUpToMutation: this.#store.readState("processedUpToMutation") ?? "",
    };
  }

  query(vector: unknown, options: unknown): VectorMatches {
    const parsed = parseQueryOptions(options);
    const query = parseQueryVector(vector, this.#settings.dimensions);
    this.#applyDue();
    return this.#search(query, parsed);
  }

  queryById(id: unknown, options: unknown): VectorMatches {
    const parsed = parseQueryOptions(options);
    this.#applyDue();
    const slots = typeof id === "string" ? this.#store.slotsOf([id]) : new Map<string, number>();
    const [entry] = this.#store.readVectors([...slots.values()]);
    if (entry === undefined) {
      throw vectorizeProblem("unknownVector", `no vector with id="${String(id)}"`);
    }
    return this.#search(entry[1], parsed);
  }

  /** `insert` leaves existing ids as they are, `upsert` replaces them in full; neither tells. */
  write(kind: "insert" | "upsert", vectors: unknown): VectorMutation {
    const accepted = parseVectors(vectors, this.#settings.dimensions);
    this.#applyDue();
    this.#checkRoom(accepted);
    return this.#accept(
      kind,
      accepted.map((vector) => this.#metadataIndexes.indexVector(vector)),
    );
  }

  /** Unknown ids are no error. */
  deleteByIds(ids: unknown): VectorMutation {
    const parsed = parseIds(ids, VECTORIZE_LIMITS.deleteIds);
    this.#applyDue();
    const nothing = { values: new Float32Array(0), namespace: null, metadata: null, indexed: null };
    return this.#accept(
      "delete",
      parsed.map((id) => ({ id, ...nothing })),
    );
  }

  /** In the order asked for; unknown ids are left out. */
  getByIds(ids: unknown): VectorRecord[] {
    const parsed = parseIds(ids, VECTORIZE_LIMITS.getIds);
    this.#applyDue();
    const records = this.#store.recordsById(parsed);
    const values = this.#records.values(records.values());
    return parsed.flatMap((id) => {
      const record = records.get(id);
      return record === undefined
        ? []
        : [{ id, values: values.get(record.slot) ?? [], ...this.#records.describe(record, "all") }];
    });
  }

  listVectors(options: unknown): VectorList {
    const { count, after } = parseListOptions(options);
    this.#applyDue();
    const ids = this.#store.idsAfter(after, count + 1);
    const page = ids.slice(0, count);
    const isTruncated = ids.length > count;
    return {
      vectors: page.map((id) => ({ id })),
      count: page.length,
      totalCount: this.#vectorCount(),
      isTruncated,
      nextCursor: isTruncated ? (page.at(-1) ?? null) : null,
    };
  }

  listMetadataIndexes(): { metadataIndexes: MetadataIndex[] } {
    return { metadataIndexes: this.#metadataIndexes.list() };
  }

  createMetadataIndex(input: unknown): VectorMutation {
    this.#applyDue();
    const index = this.#metadataIndexes.create(input);
    this.#loaded?.image.addColumn(index);
    return { mutationId: this.#options.newMutationId() };
  }

  deleteMetadataIndex(input: unknown): VectorMutation {
    this.#applyDue();
    const propertyName = this.#metadataIndexes.delete(input);
    this.#loaded?.image.deleteColumn(propertyName);
    return { mutationId: this.#options.newMutationId() };
  }

  #search(
    query: Float32Array,
    { topK, namespace, filter, returnMetadata, returnValues }: ParsedQueryOptions,
  ): VectorMatches {
    const { image, namespaces } = this.#load();
    const number = namespace === undefined ? undefined : namespaces.get(namespace);
    if (namespace !== undefined && number === undefined) {
      return { matches: [], count: 0 };
    }
    const count = image.select(number, filter);
    const found = exactSearch(image, { query, topK, count, readVectors: (chosen) => this.#store.readVectors(chosen) });
    const records = this.#store.recordsBySlot(found.map(({ slot }) => slot));
    const values = returnValues ? this.#records.values(records.values()) : undefined;
    const matches: VectorMatch[] = [];
    for (const { slot, similarity } of found) {
      const record = records.get(slot);
      if (record !== undefined) {
        matches.push({
          id: record.id,
          score: scoreOf(image.metric, similarity),
          ...(values && { values: values.get(slot) ?? [] }),
          ...this.#records.describe(record, returnMetadata),
        });
      }
    }
    return { matches, count: matches.length };
  }

  #vectorCount(): number {
    return this.#loaded?.image.size ?? this.#store.vectorCount();
  }

  #load(): LoadedIndex {
    return (this.#loaded ??= new LoadedIndex({
      store: this.#store,
      settings: this.#settings,
      capacity: this.#capacity,
      metadataIndexes: this.#metadataIndexes,
    }));
  }

  #accept(kind: MutationKind, vectors: readonly IndexedVector[]): VectorMutation {
    const mutationId = this.#options.newMutationId();
    const { visibilityDelayMs } = this.#settings;
    const now = this.#options.now();
    // Never before what was accepted earlier, whatever the delay was then.
    const visibleAt = Math.max(now + visibilityDelayMs, this.#queue.lastVisibleAt);
    const mutation = { kind, mutationId, visibleAt, vectors };
    if (visibilityDelayMs === 0 && this.#queue.isEmpty) {
      this.#write(() => this.#apply(mutation));
    } else {
      this.#queue.add(mutation, this.#options.transaction);
    }
    return { mutationId };
  }

  /** Makes visible what has waited long enough: on every call, so that nobody can look before. */
  #applyDue(): void {
    this.#queue.applyDue(
      this.#options.now(),
      (write) => this.#write(write),
      (mutation) => this.#apply(mutation),
    );
  }

  /** Runs a transaction over store and image; the image is loaded anew when it fails. */
  #write(write: () => void): void {
    try {
      this.#options.transaction(write);
    } catch (error) {
      this.#loaded = undefined;
      throw error;
    }
  }

  #apply({ kind, mutationId, visibleAt, vectors }: Mutation): void {
    this.#load().apply(kind, vectors);
    this.#store.writeState("processedUpToMutation", mutationId);
    this.#store.writeState("processedUpToDatetime", new Date(visibleAt).toISOString());
  }

  #checkRoom(vectors: readonly AcceptedVector[]): void {
    const { image, namespaces } = this.#load();
    const ids = [...new Set(vectors.map(({ id }) => id))];
    const added = ids.length - this.#store.slotsOf(ids).size;
    const waiting = this.#queue.vectorCount();
    const { dimensions, metric, plan } = this.#settings;
    if (image.size + waiting + added > this.#capacity) {
      throw vectorizeProblem(
        "indexFull",
        `the embedded index holds at most ${this.#capacity} vectors of ${dimensions} dimensions (${image.size + waiting} are in, this call adds ${added}). Use Vectorize: npx wrangler vectorize create aar --dimensions=${dimensions} --metric=${metric}, then npx wrangler deploy --env production`,
      );
    }
    const limit = plan === "free" ? VECTORIZE_LIMITS.namespacesFree : VECTORIZE_LIMITS.namespacesPaid;
    const names = new Set(
      vectors.flatMap(({ namespace }) => (namespace === null || namespaces.has(namespace) ? [] : [namespace])),
    );
    if (names.size > 0 && namespaces.size + names.size > limit) {
      throw vectorizeProblem(
        "tooManyNamespaces",
        `max namespace count is ${limit} on the ${plan} plan, got ${namespaces.size + names.size}`,
      );
    }
  }

  /** Dimensions and metric are fixed while there is data, as in Vectorize; an empty index takes the new ones. */
  #checkShape(): void {
    const shape = `${this.#settings.dimensions} dimensions, ${this.#settings.metric}`;
    const stored = this.#store.readState("shape");
    if (stored !== undefined && stored !== shape && (this.#store.vectorCount() > 0 || !this.#queue.isEmpty)) {
      throw vectorizeProblem(
        "invalidConfiguration",
        `the embedded index holds vectors of ${stored}, EMBEDDED_VECTORIZE says ${shape}; restore the setting, or delete the local data (.wrangler/state) and upload again`,
      );
    }
    this.#store.writeState("shape", shape);
  }
}
