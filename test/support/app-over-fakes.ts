import { createApp } from "../../src/app.ts";
import type { FeedbackStore } from "../../src/feedback/feedback-store.ts";
import type { AppDependencies } from "../../src/http/app-dependencies.ts";
import { MetricsHub } from "../../src/metrics/metrics-hub.ts";
import type { AnswerEvent } from "../../src/rag/answer-event.ts";
import type { PassageStore } from "../../src/retrieval/passage-store.ts";
import { type Configuration, parseConfiguration } from "../../src/shared/configuration.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { JsonObject } from "../../src/shared/json.ts";
import type { UsageStore } from "../../src/usage/usage-store.ts";
import type { VectorIndex } from "../../src/vector-index/vector-index.ts";
import { fakeEncoder } from "./fake-encoder.ts";
import { fakeQuerySide } from "./fake-query-side.ts";
import { fakeRetriever } from "./fake-retriever.ts";
import { fakeTargetLm } from "./fake-target-lm.ts";
import { memoryKeyStore } from "./memory-key-store.ts";
import { memoryMetricsSink } from "./memory-metrics-sink.ts";
import { collectionOf } from "./passages.ts";
import { retrievedPassages } from "./retrieved-passages.ts";

/** Variables of a Worker in local mode whose only model is `extractive`. */
export const LOCAL_VARIABLES = {
  MODE: "local",
  TARGET_LMS: '{"extractive":{"provider":"extractive"}}',
  DEFAULT_MODEL: "extractive",
  DEFAULT_COLLECTION: "animals",
  CORS_ORIGINS: "https://app.example",
} as const;

export interface AppOverFakesOptions {
  /** Who counts; in workerd the Worker's own objects. */
  readonly ledgerOf: AppDependencies["ledgerOf"];
  /** Put over `LOCAL_VARIABLES`. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What an answer yields; an Error is thrown at its place. Default: one word and the end. */
  readonly answer?: AppDependencies["answer"];
  readonly dependencies?: Partial<AppDependencies>;
}

export interface AppOverFakes {
  /** A path stands for one on `http://worker.test`. */
  readonly fetch: (path: string | URL, init?: RequestInit) => Promise<Response>;
  readonly configuration: Configuration;
  readonly log: readonly JsonObject[];
}

/** The app over fakes, with the collection `animals`. */
export function createAppOverFakes({
  ledgerOf,
  variables = {},
  answer,
  dependencies = {},
}: AppOverFakesOptions): AppOverFakes {
  const log: JsonObject[] = [];
  const configuration = parseConfiguration({ ...LOCAL_VARIABLES, ...variables });
  let clock = 0;
  const app = createApp({
    configuration,
    encoder: () => Promise.resolve(fakeEncoder()),
    store: fakeStore(),
    vectorIndex: incomplete("vectorIndex", {}) as VectorIndex,
    querySide: fakeQuerySide(),
    feedback: incomplete("feedback", {}) as FeedbackStore,
    retriever: fakeRetriever(retrievedPassages([{ title: "Cats", text: "Cats purr." }])),
    documents: incomplete("documents", {}) as AppDependencies["documents"],
    collectionFacts: incomplete("collectionFacts", {}) as AppDependencies["collectionFacts"],
    files: incomplete("files", {}) as AppDependencies["files"],
    fileBatches: incomplete("fileBatches", {}) as AppDependencies["fileBatches"],
    backups: incomplete("backups", {}) as AppDependencies["backups"],
    inventory: incomplete("inventory", {}) as AppDependencies["inventory"],
    databaseBytes: () => Promise.resolve(undefined),
    resumeIngestion: () => undefined,
    targetLms: () => [fakeTargetLm()],
    answer: answer ?? (() => sayOneWord()),
    keys: memoryKeyStore(),
    ledgerOf,
    addressGuard: { waitOf: () => Promise.resolve(0), recordBadKey: () => Promise.resolve(0) },
    usage: incomplete("usage", {}) as UsageStore,
    metrics: new MetricsHub({ sink: memoryMetricsSink(), now: () => 0, defer: () => undefined }),
    defer: () => undefined,
    wallClock: () => Date.now(),
    readAsset: () => Promise.resolve(new Response("<!doctype html>", { headers: { "content-type": "text/html" } })),
    // Lengths are equal by contract, and a test has nothing to hide.
    timingSafeEqual: (left, right) => left.every((byte, index) => byte === right[index]),
    log: (entry) => log.push(entry),
    now: () => (clock += 1),
    ...dependencies,
  });
  return {
    fetch: async (path, init) => await app.fetch(new Request(new URL(path, "http://worker.test"), init)),
    configuration,
    log,
  };
}

async function* sayOneWord(): AsyncGenerator<AnswerEvent> {
  await Promise.resolve();
  yield { type: "text-delta", choice: 0, text: "word" };
  yield { type: "choice-end", choice: 0, finishReason: "stop" };
  yield { type: "end", model: "fake-1", target: "fake" };
}

function fakeStore(): PassageStore {
  // Complete for what the routes under test call; the rest fails by its name.
  return incomplete("store", {
    getCollection: (name: string) => Promise.resolve(name === "animals" ? collectionOf() : undefined),
    listCollections: () => Promise.resolve([collectionOf()]),
  } satisfies Partial<PassageStore>) as PassageStore;
}

/** Fails when anything else than `known` is called. */
function incomplete(name: string, known: object): object {
  return new Proxy(known, {
    get: (target, property): unknown =>
      Reflect.get(target, property) ??
      (() => {
        throw new AppError("internal", `${name}.${String(property)} is not faked`);
      }),
  });
}
