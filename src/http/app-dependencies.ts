import type { BackupStore } from "../backup/backup-store.ts";
import type { EncoderSource } from "../encoder/lazy-encoder.ts";
import type { FeedbackStore } from "../feedback/feedback-store.ts";
import type { TargetLm } from "../generation/target-lm.ts";
import type { CollectionFactsStore } from "../ingestion/documents/collection-facts.ts";
import type { DocumentRecord } from "../ingestion/documents/document.ts";
import type { FileBatchStore } from "../ingestion/documents/file-batch-store.ts";
import type { FileStore } from "../ingestion/documents/file-store.ts";
import type { DocumentDependencies } from "../ingestion/ingestion-dependencies.ts";
import type { InventoryStore } from "../inventory/inventory-store.ts";
import type { MetricsHub } from "../metrics/metrics-hub.ts";
import type { QuerySideDependencies } from "../query-side/put-query-side.ts";
import type { ShadowStore } from "../query-side/shadow-record.ts";
import type { AnswerEvent } from "../rag/answer-event.ts";
import type { AnswerRequest } from "../rag/answer-query.ts";
import type { PassageStore } from "../retrieval/passage-store.ts";
import type { Retriever } from "../retrieval/types.ts";
import type { Configuration } from "../shared/configuration.ts";
import type { JsonObject } from "../shared/json.ts";
import type { KeyStore } from "../tenancy/key-store.ts";
import type { AddressGuard } from "../usage/bad-key-limit.ts";
import type { KeyLedger } from "../usage/key-ledger.ts";
import type { UsageStore } from "../usage/usage-store.ts";
import type { VectorIndex } from "../vector-index/vector-index.ts";

/** Everything the app is made of. `src/index.ts` gives the real things, tests give fakes. */
export interface AppDependencies extends RouteDependencies {
  readonly store: PassageStore;
  readonly retriever: Retriever;
  /** What ingestion works with. */
  readonly documents: DocumentDependencies;
  /** The model of that name, then its fallbacks; throws `unknown_model`. */
  readonly targetLms: (name: string) => readonly [TargetLm, ...TargetLm[]];
  readonly answer: (
    request: AnswerRequest,
    dependencies: { readonly retriever: Retriever },
  ) => AsyncGenerator<AnswerEvent>;
  readonly keys: KeyStore;
  /** Who counts for a key. */
  readonly ledgerOf: (keyId: string) => KeyLedger;
  readonly addressGuard: AddressGuard;
  readonly usage: UsageStore;
  readonly metrics: MetricsHub;
  /** Keeps the isolate alive until a promise is settled. */
  readonly defer: (work: Promise<unknown>) => void;
  readonly timingSafeEqual: (left: Uint8Array, right: Uint8Array) => boolean;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

/** What routes are given. Collections, retrieval and target LMs they have through the caller's `Access` only. */
export interface RouteDependencies extends AppSurroundings {
  readonly configuration: Configuration;
  /** What passages are encoded with. */
  readonly encoder: EncoderSource;
  readonly vectorIndex: VectorIndex;
  /** Of collections that the caller's `Access` has found. */
  readonly querySide: QuerySideDependencies & { readonly shadowStore: ShadowStore };
  readonly feedback: FeedbackStore;
  /** Of collections that the caller's `Access` has found. */
  readonly collectionFacts: CollectionFactsStore;
  /** Their owner is the caller's tenant. */
  readonly files: FileStore;
  readonly fileBatches: FileBatchStore;
  /** Of collections that the caller's `Access` has found. */
  readonly backups: BackupStore;
  readonly inventory: InventoryStore;
  /** Undefined: the platform does not say. */
  readonly databaseBytes: () => Promise<number | undefined>;
  /** When one of these is in progress: looks, in the background and not too often, whether somebody is at work on it. */
  readonly resumeIngestion: (records: readonly Pick<DocumentRecord, "status">[]) => void;
  /** Reads a static asset by its path; `headers` of the request make `304` work. */
  readonly readAsset: (path: string, headers: Headers) => Promise<Response>;
}

/** What even an app without a valid configuration needs. */
export interface AppSurroundings {
  /** One line of the log. */
  readonly log: (entry: JsonObject) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}
