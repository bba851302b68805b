import type { OpenAPIHono } from "@hono/zod-openapi";
import { createApp, createMisconfiguredApp } from "./app.ts";
import { createTargetLmChain } from "./generation/create-target-lm.ts";
import type { AppSurroundings } from "./http/app-dependencies.ts";
import type { HttpEnvironment } from "./http/http-context.ts";
import { createAssetEncoder } from "./platform/asset-encoder.ts";
import { createD1Database } from "./platform/d1-database.ts";
import { readSecret, type Environment } from "./platform/environment.ts";
import { createVectorizeIndex } from "./platform/vectorize-index.ts";
import { answerQuery } from "./rag/answer-query.ts";
import { createDenseRetriever } from "./retrieval/dense-retriever.ts";
import { createLexicalRetriever } from "./retrieval/lexical-retriever.ts";
import { createRetriever } from "./retrieval/retriever.ts";
import { SqlPassageStore } from "./retrieval/sql-passage-store.ts";
import { parseConfiguration } from "./shared/configuration.ts";
import { toAppError } from "./shared/errors.ts";

export { EmbeddedVectorize } from "./platform/embedded-vectorize.ts";
export { VectorShard } from "./platform/vector-shard.ts";

/** The app of this isolate, composed at its first request. */
let composed: OpenAPIHono<HttpEnvironment> | undefined;

export default {
  fetch(request, env, context) {
    composed ??= compose(env);
    return composed.fetch(request, env, context);
  },
} satisfies ExportedHandler<Environment>;

const surroundings: AppSurroundings = {
  // eslint-disable-next-line no-console -- a Worker's log is its console
  log: (entry) => console.log(JSON.stringify(entry)),
  now: () => performance.now(),
};

function compose(env: Environment): OpenAPIHono<HttpEnvironment> {
  try {
    return composeApp(env);
  } catch (error) {
    return createMisconfiguredApp(toAppError(error), surroundings);
  }
}

function composeApp(env: Environment): OpenAPIHono<HttpEnvironment> {
  const { now } = surroundings;
  const configuration = parseConfiguration(env);
  const encoder = createAssetEncoder(env.ASSETS);
  const store = new SqlPassageStore(createD1Database(env.DB));
  const vectorIndex = createVectorizeIndex(env.VECTORIZE);
  const retriever = createRetriever({
    legs: {
      dense: createDenseRetriever({ loadEncoder: encoder, vectorIndex, store, now }),
      lexical: createLexicalRetriever({ store, now }),
    },
    store,
    now,
  });
  const targetLmDependencies = {
    fetch: (url: string, init: RequestInit) => fetch(url, init),
    readSecret: (name: string) => readSecret(env, name),
    encoder,
    ...(env.AI === undefined ? {} : { ai: env.AI }),
  };
  return createApp({
    ...surroundings,
    configuration,
    encoder,
    store,
    vectorIndex,
    retriever,
    targetLms: (name) => createTargetLmChain(name, configuration.targetLms, targetLmDependencies),
    answer: (request) => answerQuery(request, { retriever }),
    readAsset: (path, headers) => env.ASSETS.fetch(new Request(`https://assets.invalid${path}`, { headers })),
    timingSafeEqual: (left, right) => crypto.subtle.timingSafeEqual(left, right),
  });
}
