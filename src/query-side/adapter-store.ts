import type { QueryAdapterManifest } from "../encoder/query-adapter.ts";
import type { QuerySideSettings } from "../retrieval/types.ts";

/** What is known of an adapter without its weights. */
export interface AdapterRecord {
  readonly name: string;
  /** Of the file. */
  readonly sha256: string;
  readonly bytes: number;
  readonly manifest: QueryAdapterManifest;
}

/** The adapters that were uploaded to collections, and which of them is used when. Collections must exist. */
export interface AdapterStore {
  list(collection: string): Promise<readonly AdapterRecord[]>;
  /** The file; undefined when the collection has no such adapter. */
  read(collection: string, name: string): Promise<Uint8Array | undefined>;
  /** Inserts or replaces by name, and raises the collection's version. */
  put(collection: string, adapter: AdapterRecord & { readonly file: Uint8Array }): Promise<void>;
  /** False when there was none of that name. */
  delete(collection: string, name: string): Promise<boolean>;
  /** Which query side is used when; raises the collection's version. */
  putSettings(collection: string, settings: QuerySideSettings): Promise<void>;
}
