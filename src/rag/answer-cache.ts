import { cacheKey } from "../caching/cache-key.ts";
import type { AnswerCacheSettings } from "../caching/cache-settings.ts";
import type { Caching } from "../caching/caching.ts";
import type { StageCache } from "../caching/remember.ts";
import { answerContext, type AnswerContext } from "./answer-context.ts";
import type { AnswerEvent } from "./answer-event.ts";
import type { AnswerDependencies, AnswerRequest } from "./answer-query.ts";
import { createSimilarQuestions, type SimilarQuestions } from "./similar-questions.ts";

/** An answer of more characters of JSON is not kept. */
const MAX_CHARACTERS = 500_000;

type Answer = (request: AnswerRequest, dependencies: AnswerDependencies) => AsyncGenerator<AnswerEvent>;

export interface AnswerCacheOptions {
  readonly answer: Answer;
  /** Undefined: answers are not kept. */
  readonly cache: StageCache | undefined;
  readonly settings: AnswerCacheSettings | undefined;
  /** Part of every key: what the names of target LMs stand for. */
  readonly targetLms: string;
  /** For questions that mean the same. */
  readonly embed: (question: string) => Promise<Float32Array>;
}

/**
 * Answers that are kept, by tenant and all that they depend on (`answerContext`), and said again event by event: a stream is
 * a stream again. Only whole answers of the model that was asked are kept, without degraded retrieval. Whatever is personal
 * or random is answered anew.
 */
export function createAnswerCache({ answer, cache, settings, targetLms, embed }: AnswerCacheOptions): Answer {
  if (cache === undefined || settings === undefined) {
    return answer;
  }
  const { semantic } = settings;
  const similar = semantic && createSimilarQuestions({ settings: semantic, ...cache, embed });
  return async function* cachedAnswer(request, dependencies) {
    const { caching } = request;
    if (caching === undefined) {
      yield* answer(request, dependencies);
      return;
    }
    const context = answerContext(request, { settings, scope: caching.scope, targetLms });
    if (context === undefined || (!caching.canRead && !caching.canWrite)) {
      caching.report("answer", "bypass");
      yield* answer(request, dependencies);
      return;
    }
    const { key, place, kept } = await lookUp(context, { caching, cache, similar });
    if (kept !== undefined) {
      caching.report("answer", "hit");
      yield* kept;
      return;
    }
    caching.report("answer", caching.canRead ? "miss" : "bypass");
    const said: AnswerEvent[] = [];
    for await (const event of answer(request, dependencies)) {
      said.push(event);
      yield event;
    }
    const text = caching.canWrite && isWhole(said, request) ? JSON.stringify(withoutTimings(said)) : "";
    if (text !== "" && text.length <= MAX_CHARACTERS) {
      cache.defer(Promise.all([cache.store.put(key, text, cache.ttlSeconds), place?.add(key)]));
    }
  };
}

interface LookUpOptions {
  readonly cache: StageCache;
  readonly similar: SimilarQuestions | undefined;
  readonly caching: Caching;
}

interface Found {
  readonly key: string;
  /** Where the question is to be remembered with its answer. */
  readonly place: Awaited<ReturnType<SimilarQuestions>> | undefined;
  readonly kept: readonly AnswerEvent[] | undefined;
}

async function lookUp(
  { surroundings, question }: AnswerContext,
  { cache, caching, similar }: LookUpOptions,
): Promise<Found> {
  const key = await cacheKey("answer", [surroundings, question]);
  const read = async (name: string | undefined): Promise<readonly AnswerEvent[] | undefined> => {
    const text = name === undefined || !caching.canRead ? undefined : await cache.store.get(name);
    // Written above and nowhere else.
    return text === undefined ? undefined : (JSON.parse(text) as readonly AnswerEvent[]);
  };
  const exact = await read(key);
  if (exact !== undefined || similar === undefined) {
    return { key, place: undefined, kept: exact };
  }
  const place = await similar(await cacheKey("answer", [surroundings]), question);
  return { key, place, kept: await read(place.nearest) };
}

function isWhole(said: readonly AnswerEvent[], { targets }: AnswerRequest): boolean {
  const [first, last] = [said[0], said.at(-1)];
  const isDegraded =
    first?.type === "retrieval-end" &&
    (first.outcome.degraded.length > 0 || first.notices.some(({ code }) => code === "degraded"));
  return last?.type === "end" && last.target === targets[0].name && !isDegraded;
}

function withoutTimings(said: readonly AnswerEvent[]): readonly AnswerEvent[] {
  return said.map((event) =>
    event.type === "retrieval-end" ? { ...event, outcome: { ...event.outcome, timings: {} } } : event,
  );
}
