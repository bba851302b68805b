import type { EncoderSource } from "../encoder/lazy-encoder.ts";
import type { FeedbackStore } from "../feedback/feedback-store.ts";
import type { TargetLm } from "../generation/target-lm.ts";
import type { CollectionFactsStore } from "../ingestion/documents/collection-facts.ts";
import type { DocumentRecord } from "../ingestion/documents/document.ts";
import type { FileBatchStore } from "../ingestion/documents/file-batch-store.ts";
import type { FileStore } from "../ingestion/documents/file-store.ts";
import type { DocumentDependencies } from "../ingestion/ingestion-dependencies.ts";
import type { QuerySideDependencies } from "../query-side/put-query-side.ts";
import type { ShadowStore } from "../query-side/shadow-record.ts";
import type { AnswerEvent } from "../rag/answer-event.ts";
import type { AnswerRequest } from "../rag/answer-query.ts";
import type { PassageStore } from "../retrieval/passage-store.ts";
import type { Retriever } from "../retrieval/types.ts";
import type { Configuration } from "../shared/configuration.ts";
import type { JsonObject } from "../shared/json.ts";
import type { VectorIndex } from "../vector-index/vector-index.ts";
import type { AuthenticateOptions } from "./middleware/authenticate.ts";

/** Everything the routes need. `src/index.ts` gives the real things, tests give fakes. */
export interface AppDependencies extends AppSurroundings {
  readonly configuration: Configuration;
  /** What passages are encoded with. */
  readonly encoder: EncoderSource;
  readonly store: PassageStore;
  readonly vectorIndex: VectorIndex;
  readonly querySide: QuerySideDependencies & { readonly shadowStore: ShadowStore };
  readonly feedback: FeedbackStore;
  readonly retriever: Retriever;
  /** What ingestion works with. */
  readonly documents: DocumentDependencies;
  readonly collectionFacts: CollectionFactsStore;
  readonly files: FileStore;
  readonly fileBatches: FileBatchStore;
  /** When one of these is in progress: looks, in the background and not too often, whether somebody is at work on it. */
  readonly resumeIngestion: (records: readonly Pick<DocumentRecord, "status">[]) => void;
  /** The model of that name, then its fallbacks; throws `unknown_model`. */
  readonly targetLms: (name: string) => readonly [TargetLm, ...TargetLm[]];
  readonly answer: (request: AnswerRequest) => AsyncGenerator<AnswerEvent>;
  /** Reads a static asset by its path; `headers` of the request make `304` work. */
  readonly readAsset: (path: string, headers: Headers) => Promise<Response>;
  readonly timingSafeEqual: AuthenticateOptions["timingSafeEqual"];
}

/** What even an app without a valid configuration needs. */
export interface AppSurroundings {
  /** One line of the log. */
  readonly log: (entry: JsonObject) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}
