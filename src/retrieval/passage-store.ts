import type { VectorFilter } from "../vector-index/vector-index.ts";
import type { Collection, FusionSettings, Passage, ScoredPassage } from "./types.ts";

export interface CollectionSettings {
  readonly name: string;
  readonly encoderFingerprint: string;
  readonly encoderName: string;
  readonly dims: number;
  readonly similarity: Collection["similarity"];
  readonly fusion: FusionSettings;
}

/** Text and full-text search: D1 in the Worker, `node:sqlite` offline, the same SQL in both. */
export interface PassageStore {
  /** Undefined when there is no such collection. */
  getCollection(name: string): Promise<Collection | undefined>;
  listCollections(): Promise<readonly Collection[]>;
  /** Creates or updates; throws `fingerprint_mismatch` when the stored one differs and passages exist. */
  putCollection(settings: CollectionSettings): Promise<Collection>;
  /** Inserts or replaces by id, full-text index included, and raises the collection's version. */
  upsertPassages(collection: string, passages: readonly Passage[]): Promise<void>;
  /** In the order of `ids`; unknown ids are left out. */
  getPassages(collection: string, ids: readonly string[]): Promise<readonly Passage[]>;
  /** BM25 over title and text; higher is better. `query` may be any text. */
  searchLexical(options: {
    readonly collection: string;
    readonly query: string;
    readonly depth: number;
    readonly filter?: VectorFilter;
  }): Promise<readonly ScoredPassage[]>;
}
