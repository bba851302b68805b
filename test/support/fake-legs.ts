import type { PassageStore } from "../../src/retrieval/passage-store.ts";
import type { Leg, Passage, ScoredPassage } from "../../src/retrieval/types.ts";
import { collectionOf } from "./passages.ts";

/** Answers every request with the run. */
export function fixedLeg(run: readonly ScoredPassage[], name: "dense" | "lexical" = "lexical"): Leg {
  const isDense = name === "dense";
  return {
    retrieve: ({ depth }) =>
      Promise.resolve({
        run: run.slice(0, depth),
        timings: { [name]: 1 },
        embedTokens: isDense ? 7 : 0,
        vectorsQueried: isDense ? 1 : 0,
      }),
  };
}

export function failingLeg(reason: unknown): Leg {
  return { retrieve: () => Promise.reject(reason) };
}

/** Never answers. */
export function silentLeg(): Leg {
  return { retrieve: () => new Promise(() => undefined) };
}

/** What the retriever reads of a store. */
type PassageReader = Pick<PassageStore, "getPassages" | "getCollection"> & { reads: number };

/** Knows these passages, of a collection that never changes, and nothing else; counts its reads. */
export function passageReader(passages: readonly Passage[]): PassageReader {
  const byId = new Map(passages.map((passage) => [passage.id, passage]));
  return {
    reads: 0,
    getCollection: (name) => Promise.resolve(collectionOf({ name })),
    getPassages(_collection, ids) {
      this.reads += 1;
      return Promise.resolve(ids.flatMap((id) => byId.get(id) ?? []));
    },
  };
}
