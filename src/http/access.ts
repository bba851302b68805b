import { cacheControlOf, type Caching } from "../caching/caching.ts";
import type { TargetLm } from "../generation/target-lm.ts";
import type { DocumentDependencies } from "../ingestion/ingestion-dependencies.ts";
import { measuredTargetLm } from "../metrics/measured-target-lm.ts";
import type { AnswerEvent } from "../rag/answer-event.ts";
import type { AnswerRequest } from "../rag/answer-query.ts";
import type { PassageStore } from "../retrieval/passage-store.ts";
import type { Retriever } from "../retrieval/types.ts";
import { AppError, toAppError } from "../shared/errors.ts";
import { GuardedPassageStore } from "../tenancy/guarded-passage-store.ts";
import { isGranted, type Principal } from "../tenancy/principal.ts";
import type { RememberedCollections } from "../tenancy/remembered-collections.ts";
import { meteredRetriever } from "../usage/metered-retriever.ts";
import { meteredTargetLm } from "../usage/metered-target-lm.ts";
import type { RequestMeter } from "../usage/request-meter.ts";
import type { AppDependencies } from "./app-dependencies.ts";
import { reportedFallback, reportRetrieval } from "./reported-answer.ts";
import type { RequestReport } from "./request-report.ts";

/**
 * What the caller of a request can reach, and the only way for a route to reach it: the unguarded store, retriever and
 * models are not among what routes are given. On every request of a route that is not public.
 */
export interface Access {
  readonly principal: Principal;
  /** Knows the granted collections only. */
  readonly store: PassageStore;
  /** What ingestion works with, over that store. */
  readonly documents: DocumentDependencies;
  readonly retriever: Retriever;
  /** Names of the granted target LMs, in the configuration's order. */
  readonly models: readonly string[];
  /** The model of requests that name none: the configured one, or the first that is granted. */
  readonly defaultModel: string;
  /** The collection of requests that name none: the configured one, or the only one that is granted by its name. */
  readonly defaultCollection: string;
  /** The model of that name, then those of its fallbacks that are granted; throws `unknown_model`. */
  readonly targetLms: (name: string) => readonly [TargetLm, ...TargetLm[]];
  readonly answer: (request: AnswerRequest) => AsyncGenerator<AnswerEvent>;
}

type AccessDependencies = Pick<
  AppDependencies,
  "configuration" | "store" | "documents" | "retriever" | "targetLms" | "answer" | "metrics" | "now"
>;

export interface AccessOptions extends AccessDependencies {
  readonly meter: RequestMeter;
  readonly report: RequestReport;
  /** Milliseconds until the request's deadline. */
  readonly remainingMs: () => number;
  /** The isolate's own. */
  readonly remembered: RememberedCollections;
  /** Of the request. */
  readonly cacheControl: string | undefined;
}

/** What this caller can reach. */
export function accessOf(
  principal: Principal,
  { meter, report, remainingMs, cacheControl, remembered, ...dependencies }: AccessOptions,
): Access {
  const { configuration } = dependencies;
  const { metrics } = dependencies.metrics;
  const reportCached: Caching["report"] = (stage, result) => {
    report.cached(stage, result);
    metrics.count("aar_cache_total", { stage, result });
  };
  const measured = (target: TargetLm): TargetLm => measuredTargetLm(target, { metrics, now: dependencies.now });
  const caching: Caching = { scope: principal.tenant, ...cacheControlOf(cacheControl), report: reportCached };
  const retriever = meteredRetriever(requestRetriever(dependencies.retriever, { remainingMs, caching, report }), meter);
  const { grants } = principal;
  const models = [...configuration.targetLms.keys()].filter((name) => isGranted(grants.models, name));
  const { defaultModel, defaultCollection } = configuration;
  const store = new GuardedPassageStore(dependencies.store, principal, remembered);
  return {
    principal,
    store,
    documents: { ...dependencies.documents, store, payer: { keyId: principal.id, tenant: principal.tenant } },
    retriever,
    models,
    defaultModel: models.includes(defaultModel) ? defaultModel : (models[0] ?? defaultModel),
    defaultCollection: isGranted(grants.collections, defaultCollection)
      ? defaultCollection
      : (onlyName(grants.collections) ?? defaultCollection),
    targetLms: (name) => {
      // A model that was not granted is as unknown as any other, and nobody is told of more models than are granted.
      if (!grants.models.includes("*") && !models.includes(name)) {
        throw unknownModel(name, models);
      }
      const [first, ...fallbacks] = dependencies.targetLms(name);
      meter.markModel(name);
      const granted = fallbacks.filter((fallback) => isGranted(grants.models, fallback.name));
      return [
        meteredTargetLm(measured(first), meter),
        ...granted.map((fallback) => reportedFallback(meteredTargetLm(measured(fallback), meter), report)),
      ];
    },
    answer: (request) =>
      meteredAnswer(
        { ...request, caching },
        { meter, report, answer: (asked) => dependencies.answer(asked, { retriever }) },
      ),
  };
}

interface RequestRetrieverOptions extends Pick<AccessOptions, "remainingMs" | "report"> {
  readonly caching: Caching;
}

/** Retrieval for one request; it takes half of what is left of its time at most: the rest is for the answer. */
function requestRetriever(retriever: Retriever, { remainingMs, caching, report }: RequestRetrieverOptions): Retriever {
  return {
    async retrieve(request) {
      const outcome = await retriever.retrieve({ ...request, caching, timeoutMs: remainingMs() / 2 });
      outcome.degraded.forEach(({ leg }) => report.degrade(leg));
      return outcome;
    },
  };
}

interface MeteredAnswerOptions {
  readonly meter: RequestMeter;
  readonly report: RequestReport;
  readonly answer: (request: AnswerRequest) => AsyncGenerator<AnswerEvent>;
}

/** Passes events on, and tells the meter what only the answer as a whole knows. */
async function* meteredAnswer(
  request: AnswerRequest,
  { meter, report, answer }: MeteredAnswerOptions,
): AsyncGenerator<AnswerEvent> {
  if (request.stream) {
    meter.markStream();
  }
  try {
    for await (const event of answer(request)) {
      if (event.type === "retrieval-end") {
        reportRetrieval(event, report);
        // An answer that was kept has made no model read its passages.
        meter.counts.addContext(report.hits.includes("answer") ? 0 : event.contextTokens);
      }
      yield event;
    }
  } catch (error) {
    meter.markFailure(toAppError(error));
    throw error;
  }
}

function onlyName(collections: readonly string[]): string | undefined {
  const [name] = collections;
  return collections.length === 1 && name?.endsWith("*") === false ? name : undefined;
}

function unknownModel(name: string, models: readonly string[]): AppError {
  const known = models.map((model) => `"${model}"`).join(", ");
  return new AppError("unknown_model", `no model named "${name.slice(0, 128)}"; there are ${known || "none"}`, {
    details: { param: "model" },
  });
}
