import type { OpenAPIHono } from "@hono/zod-openapi";
import { waitUntil } from "cloudflare:workers";
import { createApp, createMisconfiguredApp } from "./app.ts";
import { BackupStore } from "./backup/backup-store.ts";
import type { CacheSettings } from "./caching/cache-settings.ts";
import { MemoryCache } from "./caching/memory-cache.ts";
import { createStageCaches } from "./caching/stage-caches.ts";
import { createTieredCache } from "./caching/tiered-cache.ts";
import type { EncoderSource } from "./encoder/lazy-encoder.ts";
import { createSqlFeedbackStore } from "./feedback/sql-feedback-store.ts";
import { CircuitBreakers } from "./generation/circuit-breakers.ts";
import { createTargetLmChain } from "./generation/create-target-lm.ts";
import type { AppDependencies, AppSurroundings } from "./http/app-dependencies.ts";
import type { HttpEnvironment } from "./http/http-context.ts";
import { consumeDeadLetters, consumeMessages } from "./ingestion/consume-messages.ts";
import { CollectionFactsStore } from "./ingestion/documents/collection-facts.ts";
import { DocumentCatalog } from "./ingestion/documents/document-catalog.ts";
import { FileBatchStore } from "./ingestion/documents/file-batch-store.ts";
import { FileStore } from "./ingestion/documents/file-store.ts";
import { Staging } from "./ingestion/documents/staging.ts";
import { VersionStore } from "./ingestion/documents/version-store.ts";
import type { DocumentDependencies } from "./ingestion/ingestion-dependencies.ts";
import { resumeIngestion } from "./ingestion/resume-ingestion.ts";
import { InventoryStore } from "./inventory/inventory-store.ts";
import { MetricsHub } from "./metrics/metrics-hub.ts";
import { createAddressGuard } from "./platform/address-guard-object.ts";
import { createAssetEncoder, readAssetFile } from "./platform/asset-encoder.ts";
import { createAssetEncoders } from "./platform/asset-query-side.ts";
import { createBackgroundResume } from "./platform/background-resume.ts";
import { createCacheApi } from "./platform/cache-api.ts";
import { createD1Database, readD1Bytes } from "./platform/d1-database.ts";
import { readSecret, type Environment } from "./platform/environment.ts";
import { createIngestionQueue } from "./platform/ingestion-queue.ts";
import { createMetricsSink } from "./platform/metrics-object.ts";
import { createR2ContentStore } from "./platform/r2-content-store.ts";
import { createVectorizeIndex } from "./platform/vectorize-index.ts";
import { createAdapterLibrary } from "./query-side/adapter-library.ts";
import { createQuerySideNames } from "./query-side/name-query-side.ts";
import { createQueryEncoders } from "./query-side/query-encoders.ts";
import { createShadowRetriever } from "./query-side/shadow-retriever.ts";
import { SqlAdapterStore } from "./query-side/sql-adapter-store.ts";
import { createSqlShadowStore } from "./query-side/sql-shadow-store.ts";
import { createAnswerCache } from "./rag/answer-cache.ts";
import { answerQuery } from "./rag/answer-query.ts";
import { createCachedEmbedding, embedQuery } from "./retrieval/cached-embedding.ts";
import { createCachedRetriever } from "./retrieval/cached-retriever.ts";
import { createDenseRetriever } from "./retrieval/dense-retriever.ts";
import { createLexicalRetriever } from "./retrieval/lexical-retriever.ts";
import { createRetriever } from "./retrieval/retriever.ts";
import type { SqlDatabase } from "./retrieval/sql-database.ts";
import { SqlPassageStore } from "./retrieval/sql-passage-store.ts";
import type { Retriever } from "./retrieval/types.ts";
import { parseConfiguration, type Configuration } from "./shared/configuration.ts";
import { toAppError } from "./shared/errors.ts";
import { SqlKeyStore } from "./tenancy/sql-key-store.ts";
import { createIngestionMeter } from "./usage/ingestion-meter.ts";
import { SqlUsageStore } from "./usage/sql-usage-store.ts";
import type { VectorIndex } from "./vector-index/vector-index.ts";

export { EmbeddedVectorize } from "./platform/embedded-vectorize.ts";
export { AddressGuardObject } from "./platform/address-guard-object.ts";
export { KeyLedgerObject } from "./platform/key-ledger-object.ts";
export { MetricsObject } from "./platform/metrics-object.ts";
export { VectorShard } from "./platform/vector-shard.ts";

/** What this isolate is made of, composed at its first event. */
let composed: Composition | undefined;

interface Composition {
  readonly app: OpenAPIHono<HttpEnvironment>;
  readonly documents: DocumentDependencies;
}

export default {
  fetch(request, env, context) {
    return compose(env).app.fetch(request, env, context);
  },
  async queue({ queue, messages }, env) {
    const { documents } = compose(env);
    await (queue.endsWith(DEAD_LETTERS)
      ? consumeDeadLetters(documents, messages)
      : consumeMessages(documents, messages));
  },
  async scheduled(_event, env) {
    await resumeIngestion(compose(env).documents);
  },
} satisfies ExportedHandler<Environment>;

/** Of 128 MB that an isolate has. */
const MEMORY_CACHE_BYTES = 4_000_000;

/** How the name of the dead-letter queue ends, see wrangler.toml. */
const DEAD_LETTERS = "-dead";

const surroundings: AppSurroundings = {
  // eslint-disable-next-line no-console -- a Worker's log is its console
  log: (entry) => console.log(JSON.stringify(entry)),
  now: () => performance.now(),
};

function compose(env: Environment): Composition {
  composed ??= composeOnce(env);
  return composed;
}

function composeOnce(env: Environment): Composition {
  const encoder = createAssetEncoder(env.ASSETS);
  const database = createD1Database(env.DB);
  const store = new SqlPassageStore(database);
  const vectorIndex = createVectorizeIndex(env.VECTORIZE);
  const documents = composeDocuments(env, { encoder, database, store, vectorIndex });
  try {
    return { app: composeApp(env, { encoder, database, store, vectorIndex, documents }), documents };
  } catch (error) {
    return { app: createMisconfiguredApp(toAppError(error), surroundings), documents };
  }
}

interface Stores {
  readonly encoder: EncoderSource;
  readonly database: SqlDatabase;
  readonly store: SqlPassageStore;
  readonly vectorIndex: VectorIndex;
}

function composeDocuments(env: Environment, { database, ...stores }: Stores): DocumentDependencies {
  return {
    ...stores,
    catalog: new DocumentCatalog(database),
    versions: new VersionStore(database, unixNow),
    staging: new Staging(database),
    contents: createR2ContentStore(env.CONTENTS),
    queue: createIngestionQueue(env.INGESTION),
    meter: createIngestionMeter({
      ledgerOf: (keyId) => env.KEY_LEDGER.getByName(keyId),
      prices: () => parseConfiguration(env).prices,
    }),
    unixNow,
    log: surroundings.log,
  };
}

function composeApp(
  env: Environment,
  { encoder, database, store, vectorIndex, documents }: Stores & Pick<Composition, "documents">,
): OpenAPIHono<HttpEnvironment> {
  const { now } = surroundings;
  const configuration = parseConfiguration(env);
  const metrics = new MetricsHub({ sink: createMetricsSink(env.METRICS), now, defer: waitUntil });
  const querySide = composeQuerySide(env, { configuration, database, encoder });
  const caches = composeCaches(configuration.caching);
  return createApp({
    ...surroundings,
    configuration,
    encoder,
    store,
    vectorIndex,
    querySide,
    feedback: createSqlFeedbackStore({ database, unixNow }),
    retriever: composeRetriever({ store, vectorIndex, querySide, caches }),
    documents,
    collectionFacts: new CollectionFactsStore(database),
    files: new FileStore(database),
    fileBatches: new FileBatchStore(database),
    backups: new BackupStore(database),
    inventory: new InventoryStore(database),
    databaseBytes: () => readD1Bytes(env.DB),
    resumeIngestion: createBackgroundResume(documents),
    metrics,
    targetLms: composeTargetLms(env, { configuration, encoder, metrics }),
    answer: createAnswerCache({
      answer: answerQuery,
      cache: caches.answer,
      settings: configuration.caching.answer,
      targetLms: env.TARGET_LMS,
      embed: async (question) => (await embedQuery(await encoder(), question)).embedding,
    }),
    keys: new SqlKeyStore(database),
    ledgerOf: (keyId) => env.KEY_LEDGER.getByName(keyId),
    addressGuard: createAddressGuard(env.ADDRESS_GUARD),
    usage: new SqlUsageStore(database),
    defer: waitUntil,
    readAsset: (path, headers) => env.ASSETS.fetch(new Request(`https://assets.invalid${path}`, { headers })),
    timingSafeEqual: (left, right) => crypto.subtle.timingSafeEqual(left, right),
    wallClock: () => Date.now(),
  });
}

function composeCaches(settings: CacheSettings): ReturnType<typeof createStageCaches> {
  return createStageCaches({
    settings,
    store: createTieredCache({
      near: new MemoryCache({ maxBytes: MEMORY_CACHE_BYTES, now: () => Date.now() }),
      far: createCacheApi(() => caches.open("aar")),
      now: () => Date.now(),
    }),
    defer: waitUntil,
  });
}

interface RetrieverParts extends Pick<Stores, "store" | "vectorIndex"> {
  readonly querySide: AppDependencies["querySide"];
  readonly caches: ReturnType<typeof createStageCaches>;
}

function composeRetriever({
  store,
  vectorIndex,
  querySide,
  caches: { embedding, retrieval },
}: RetrieverParts): Retriever {
  const { now } = surroundings;
  const uncached = createRetriever({
    legs: {
      dense: createDenseRetriever({
        queryEncoder: createQueryEncoders(querySide),
        vectorIndex,
        store,
        now,
        ...(embedding === undefined ? {} : { embed: createCachedEmbedding(embedding) }),
      }),
      lexical: createLexicalRetriever({ store, now }),
    },
    store,
    now,
  });
  return createShadowRetriever({
    retriever:
      retrieval === undefined
        ? uncached
        : createCachedRetriever({
            retriever: uncached,
            cache: retrieval,
            querySideOf: createQuerySideNames(querySide),
          }),
    store: querySide.shadowStore,
    log: surroundings.log,
    defer: waitUntil,
    random: Math.random,
  });
}

function composeTargetLms(
  env: Environment,
  { configuration, encoder, metrics }: Pick<AppDependencies, "configuration" | "encoder" | "metrics">,
): AppDependencies["targetLms"] {
  const dependencies = {
    fetch: (url: string, init: RequestInit) => fetch(url, init),
    readSecret: (name: string) => readSecret(env, name),
    encoder,
    breakers: new CircuitBreakers({
      now: () => Date.now(),
      onChange: (target, state) => {
        surroundings.log({ event: "circuit", target, state });
        metrics.metrics.count("aar_circuit_changes_total", { target, state });
      },
    }),
    ...(env.AI === undefined ? {} : { ai: env.AI }),
  };
  return (name) => createTargetLmChain(name, configuration.targetLms, dependencies);
}

interface QuerySideParts {
  readonly configuration: Configuration;
  readonly database: SqlDatabase;
  /** Of the passages. */
  readonly encoder: EncoderSource;
}

function composeQuerySide(
  env: Environment,
  { configuration, database, encoder }: QuerySideParts,
): AppDependencies["querySide"] {
  const adapterStore = new SqlAdapterStore(database);
  return {
    adapterStore,
    adapters: createAdapterLibrary({
      store: adapterStore,
      files: configuration.querySide.adapters,
      readFile: (path) => readAssetFile(env.ASSETS, path),
    }),
    encoders: createAssetEncoders({
      assets: env.ASSETS,
      configuration: configuration.querySide,
      passageEncoder: encoder,
    }),
    shadowStore: createSqlShadowStore({ database, unixNow }),
  };
}

/** Unix seconds. */
function unixNow(): number {
  return Math.floor(Date.now() / 1000);
}
