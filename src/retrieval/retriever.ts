import { MAX_TOP_K } from "./clamp-top-k.ts";
import { fuse } from "./fusion.ts";
import type { PassageStore } from "./passage-store.ts";
import { type LegsOutcome, runLegs } from "./run-legs.ts";
import type {
  Leg,
  Passage,
  RetrievalLeg,
  RetrievalMode,
  RetrievedPassage,
  RetrieveOutcome,
  Retriever,
  RetrieveRequest,
  ScoredPassage,
} from "./types.ts";
import { withDeadline } from "./with-deadline.ts";

/** A leg that has not answered by then is given up: several times the slowest honest query, and a chat client still waits. */
const DEFAULT_LEG_DEADLINE_MS = 10_000;

const LEGS_OF_MODE = {
  dense: ["dense"],
  lexical: ["lexical"],
  hybrid: ["dense", "lexical"],
} as const satisfies Record<RetrievalMode, readonly RetrievalLeg[]>;

export interface CreateRetrieverOptions {
  readonly legs: Readonly<Record<RetrievalLeg, Leg>>;
  readonly store: Pick<PassageStore, "getPassages" | "getCollection">;
  /** Milliseconds; only differences are used. */
  readonly now: () => number;
  /** Default 10,000 ms for each leg. */
  readonly legDeadlineMs?: number;
}

/**
 * Searches once more at most so often when a write came between a search and the reading of its texts. Each time it takes
 * another document that was found and replaced in those milliseconds.
 */
const MAX_REPEATS = 2;

/**
 * Retrieval over the legs that the mode names: run them, fuse, cut, and fetch the text of what is left. A document that is
 * replaced meanwhile is found in the old form or the new one: when passages vanished and the collection has changed since
 * the request read its record, it is all done again.
 */
export function createRetriever({
  legs,
  store,
  now,
  legDeadlineMs = DEFAULT_LEG_DEADLINE_MS,
}: CreateRetrieverOptions): Retriever {
  async function retrieveOnce(request: RetrieveRequest): Promise<Found> {
    const { mode, signal } = request;
    const deadlineMs = Math.min(legDeadlineMs, request.timeoutMs ?? Number.POSITIVE_INFINITY);
    // Full depth whatever topK is: fusion needs it, and it has the next ones at hand when passages vanished.
    const options = { legs, wanted: LEGS_OF_MODE[mode], request, depth: MAX_TOP_K, deadlineMs };
    const { runs, degraded, timings, usage, querySide } = await runLegs(options);
    const legsDoneAt = now();
    const run = aboveMinScore(toOneRun(runs, request), request.minScore);
    const fusedAt = now();
    const { living, vanished } = await withDeadline(() => fetchLiving(run, request, store), {
      what: "the text store",
      deadlineMs,
      signal,
    });
    const places = { dense: toPlaces(runs.dense), lexical: toPlaces(runs.lexical) };
    const outcome: RetrieveOutcome = {
      passages: living.map(({ passage, score }, index) => ({
        passage,
        score,
        rank: index + 1,
        ...placesOf(passage.id, places),
      })),
      mode,
      degraded,
      timings: { ...timings, fuse: fusedAt - legsDoneAt, passages: now() - fusedAt },
      usage,
      ...(querySide === undefined ? {} : { querySide }),
    };
    return { outcome, vanished };
  }

  return {
    async retrieve(request) {
      let { collection } = request;
      let { outcome, vanished } = await retrieveOnce(request);
      for (let repeat = 0; vanished > 0 && repeat < MAX_REPEATS; repeat += 1) {
        const { name } = collection;
        const current = await withDeadline(() => store.getCollection(name), {
          what: "the text store",
          deadlineMs: legDeadlineMs,
          signal: request.signal,
        });
        if (current === undefined || current.version === collection.version) {
          // Deleted passages that the vector index has not forgotten yet.
          break;
        }
        collection = current;
        const again = await retrieveOnce({ ...request, collection });
        outcome = { ...again.outcome, usage: sum(outcome.usage, again.outcome.usage) };
        ({ vanished } = again);
      }
      return outcome;
    },
  };
}

interface Found {
  readonly outcome: RetrieveOutcome;
  /** Passages of the run whose text was looked for and is not there. */
  readonly vanished: number;
}

function sum(left: RetrieveOutcome["usage"], right: RetrieveOutcome["usage"]): RetrieveOutcome["usage"] {
  return {
    embedTokens: left.embedTokens + right.embedTokens,
    vectorsQueried: left.vectorsQueried + right.vectorsQueried,
  };
}

/** One leg alone keeps its own scores; hybrid fuses, also when a leg failed, so that a score always means the same. */
function toOneRun(runs: LegsOutcome["runs"], { mode, collection }: RetrieveRequest): readonly ScoredPassage[] {
  if (mode !== "hybrid") {
    return runs[mode] ?? [];
  }
  const { dense = [], lexical = [] } = runs;
  return fuse({ dense, lexical, similarity: collection.similarity }, collection.fusion);
}

function aboveMinScore(run: readonly ScoredPassage[], minScore: number | undefined): readonly ScoredPassage[] {
  return minScore === undefined ? run : run.filter(({ score }) => score >= minScore);
}

interface LivingPassage {
  readonly passage: Passage;
  readonly score: number;
}

/**
 * The first `topK` of the run that the store still has: the vector index forgets a deleted passage only after a while. One
 * read unless passages vanished.
 */
async function fetchLiving(
  run: readonly ScoredPassage[],
  { collection, topK }: RetrieveRequest,
  store: Pick<PassageStore, "getPassages">,
): Promise<{ readonly living: readonly LivingPassage[]; readonly vanished: number }> {
  const living: LivingPassage[] = [];
  let vanished = 0;
  let next = 0;
  while (living.length < topK && next < run.length) {
    const window = run.slice(next, next + topK - living.length);
    next += window.length;
    const scores = new Map(window.map(({ id, score }) => [id, score]));
    const passages = await store.getPassages(collection.name, [...scores.keys()]);
    vanished += scores.size - passages.length;
    living.push(...passages.map((passage) => ({ passage, score: scores.get(passage.id) ?? 0 })));
  }
  return { living, vanished };
}

interface Place {
  readonly rank: number;
  readonly score: number;
}

type Places = ReadonlyMap<string, Place>;

function toPlaces(run: readonly ScoredPassage[] = []): Places {
  return new Map(run.map(({ id, score }, index) => [id, { rank: index + 1, score }]));
}

function placesOf(
  id: string,
  places: Readonly<Record<RetrievalLeg, Places>>,
): Pick<RetrievedPassage, "dense" | "lexical"> {
  const dense = places.dense.get(id);
  const lexical = places.lexical.get(id);
  return { ...(dense === undefined ? {} : { dense }), ...(lexical === undefined ? {} : { lexical }) };
}
