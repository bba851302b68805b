import type { VectorFilter } from "../vector-index/vector-index.ts";
import type { Collection, FusionSettings, Passage, ScoredPassage } from "./types.ts";

export interface CollectionSettings {
  readonly name: string;
  readonly encoderFingerprint: string;
  readonly encoderName: string;
  readonly dims: number;
  readonly similarity: Collection["similarity"];
  /** Left out: an existing collection keeps its own, which may have been fitted; a new one gets `DEFAULT_FUSION`. */
  readonly fusion?: FusionSettings;
}

export interface LexicalSearch {
  readonly collection: string;
  /** Any text at all. */
  readonly query: string;
  readonly depth: number;
  readonly filter?: VectorFilter;
}

export interface StoredPassageIds {
  readonly passageId: string;
  readonly vectorId: string;
}

/** Text and full-text search: D1 in the Worker, `node:sqlite` offline, the same SQL in both. */
export interface PassageStore {
  /** Undefined when there is no such collection. */
  getCollection(name: string): Promise<Collection | undefined>;
  listCollections(): Promise<readonly Collection[]>;
  /** Creates or updates; throws `fingerprint_mismatch` when the stored one differs and passages exist. */
  putCollection(settings: CollectionSettings): Promise<Collection>;
  /** Inserts or replaces by id, full-text index included, and raises the collection's version. Of equal ids the last counts. */
  upsertPassages(collection: string, passages: readonly Passage[]): Promise<void>;
  /** Text, full-text entry and document record; unknown ids are ignored. */
  deletePassages(collection: string, ids: readonly string[]): Promise<void>;
  /** In the order of `ids`; unknown ids are left out. */
  getPassages(collection: string, ids: readonly string[]): Promise<readonly Passage[]>;
  /** Vector id -> passage id; unknown vector ids are left out. */
  getPassageIds(collection: string, vectorIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** BM25 over title and text; higher is better. */
  searchLexical(search: LexicalSearch): Promise<readonly ScoredPassage[]>;
  /** Of the first `limit` passages, in the order of their ids, that came with their vectors, not by a document's version. */
  firstUploadedIds(collection: string, limit: number): Promise<readonly StoredPassageIds[]>;
  /** The same, of these documents. */
  uploadedIdsOfDocuments(
    collection: string,
    documentIds: readonly string[],
    limit: number,
  ): Promise<readonly StoredPassageIds[]>;
  /** The record and the full-text table, once no document and no passage is left; false when one is. */
  dropEmptyCollection(name: string): Promise<boolean>;
}
