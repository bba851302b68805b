import type { EncoderSource } from "../encoder/lazy-encoder.ts";
import type { PassageStore } from "../retrieval/passage-store.ts";
import type { JsonObject } from "../shared/json.ts";
import type { VectorIndex } from "../vector-index/vector-index.ts";
import type { DocumentCatalog } from "./documents/document-catalog.ts";
import type { DocumentVersion, Payer } from "./documents/document.ts";
import type { Staging } from "./documents/staging.ts";
import type { VersionStore } from "./documents/version-store.ts";
import type { IngestionMessage } from "./ingestion-message.ts";

/** Contents of documents and files, by key: an R2 bucket. */
export interface ContentStore {
  put(key: string, content: string | Blob): Promise<void>;
  /** As UTF-8; undefined when there is no such key. */
  getText(key: string): Promise<string | undefined>;
  /** Unknown keys are ignored. */
  delete(key: string): Promise<void>;
}

/** Work for later: a Cloudflare Queue. Delivers at least once, in any order. */
export interface IngestionQueue {
  send(messages: readonly IngestionMessage[], options?: { readonly delaySeconds?: number }): Promise<void>;
}

/** What ingestion works with. `src/index.ts` gives the real things, tests give fakes. */
export interface DocumentDependencies {
  readonly store: PassageStore;
  readonly catalog: DocumentCatalog;
  readonly versions: VersionStore;
  readonly staging: Staging;
  readonly vectorIndex: VectorIndex;
  readonly encoder: EncoderSource;
  readonly contents: ContentStore;
  readonly queue: IngestionQueue;
  /** Whose versions these are; undefined where nobody asks, as in the queue's consumer. */
  readonly payer?: Payer;
  /** Counts what it took to encode a version that is live, or never will be. May be told twice of one. */
  readonly meter: (version: DocumentVersion, embedTokens: number) => Promise<void>;
  /** Unix seconds. */
  readonly unixNow: () => number;
  readonly log: (entry: JsonObject) => void;
}
