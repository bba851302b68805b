import { describe, test } from "vitest";
import { createCachedRetriever } from "../../../src/retrieval/cached-retriever.ts";
import type { RetrieveRequest, Retriever } from "../../../src/retrieval/types.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { fakeRetriever } from "../../support/fake-retriever.ts";
import { memoryStageCache, observedCaching } from "../../support/observed-caching.ts";
import { collectionOf } from "../../support/passages.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";

const PASSAGES = retrievedPassages([{ title: "Cats", text: "Cats purr." }]);

interface WorldOptions {
  readonly retriever?: Retriever;
  readonly querySide?: string;
}

function world({ retriever = fakeRetriever(PASSAGES), querySide = "q1" }: WorldOptions = {}) {
  const cache = memoryStageCache();
  const cached = createCachedRetriever({ retriever, cache, querySideOf: () => Promise.resolve(querySide) });
  const ask = async (request: Partial<RetrieveRequest> = {}) => {
    const caching = observedCaching();
    const outcome = await cached.retrieve({
      query: "What purrs?",
      collection: collectionOf({ id: 1 }),
      mode: "hybrid",
      topK: 5,
      caching,
      ...request,
    });
    await cache.written();
    return { outcome, reports: caching.reports };
  };
  return { cache, ask, cached };
}

describe("a cached retriever", () => {
  test("serves what it has found, which costs no tokens and no vectors", async ({ expect }) => {
    const { ask } = world();
    const first = await ask();
    const second = await ask();
    expect([first.reports, second.reports]).toEqual([["retrieval=miss"], ["retrieval=hit"]]);
    expect(first.outcome.usage).toEqual({ embedTokens: 5, vectorsQueried: 100 });
    expect(second.outcome).toEqual({
      ...first.outcome,
      timings: {},
      usage: { embedTokens: 0, vectorsQueried: 0 },
    });
  });

  test.for<[what: string, request: Partial<RetrieveRequest>]>([
    ["after a write of the collection", { collection: collectionOf({ id: 1, version: 2 }) }],
    ["of another collection", { collection: collectionOf({ id: 1, name: "dogs" }) }],
    ["of one of the same name that was created anew", { collection: collectionOf({ id: 2 }) }],
    ["with another encoder's vectors", { collection: collectionOf({ id: 1, encoderFingerprint: "other" }) }],
    ["with another fusion", { collection: collectionOf({ id: 1, fusion: { method: "rrf", rrfK: 7 } }) }],
    ["for another query", { query: "What barks?" }],
    ["in another mode", { mode: "dense" }],
    ["for more passages", { topK: 6 }],
    ["under a filter", { filter: { a: 1 } }],
    ["above a score", { minScore: 0.5 }],
    ["for another tenant", { caching: observedCaching({ scope: "globex" }) }],
  ])("searches anew %s", async ([, request], { expect }) => {
    const retriever = fakeRetriever(PASSAGES);
    const { ask } = world({ retriever });
    await ask();
    await ask(request);
    expect(retriever.requests).toHaveLength(2);
  });

  test("searches anew when its time is over, and for another query side", async ({ expect }) => {
    const retriever = fakeRetriever(PASSAGES);
    const { ask, cache } = world({ retriever });
    await ask();
    cache.clock.now += 60_000;
    await ask();
    const other = createCachedRetriever({ retriever, cache, querySideOf: () => Promise.resolve("q2") });
    const request = { query: "What purrs?", collection: collectionOf({ id: 1 }), topK: 5, caching: observedCaching() };
    await other.retrieve({ ...request, mode: "hybrid" });
    expect(retriever.requests).toHaveLength(3);
  });

  test("keeps to what the client wants", async ({ expect }) => {
    const retriever = fakeRetriever(PASSAGES);
    const { ask } = world({ retriever });
    const noStore = observedCaching({ canRead: false, canWrite: false });
    const noCache = observedCaching({ canRead: false });
    await ask({ caching: noStore });
    await ask({ caching: noCache });
    expect([noStore.reports, noCache.reports]).toEqual([["retrieval=bypass"], ["retrieval=bypass"]]);
    expect(retriever.requests).toHaveLength(2);
    expect((await ask()).reports).toEqual(["retrieval=hit"]);
  });

  test("keeps neither a failure nor half an outcome", async ({ expect }) => {
    let found: Retriever = fakeRetriever(new AppError("retrieval_failed", "down"));
    const { ask } = world({ retriever: { retrieve: (request) => found.retrieve(request) } });
    await expect(ask()).rejects.toMatchObject({ code: "retrieval_failed" });
    found = {
      retrieve: async (request) => ({
        ...(await fakeRetriever(PASSAGES).retrieve(request)),
        degraded: [{ leg: "dense", reason: "down" }],
      }),
    };
    await ask();
    found = fakeRetriever(PASSAGES);
    expect((await ask()).outcome.degraded).toEqual([]);
  });

  test("works without a cache where none is wanted, or the query side cannot be named", async ({ expect }) => {
    const retriever = fakeRetriever(PASSAGES);
    const cached = createCachedRetriever({
      retriever,
      cache: memoryStageCache(),
      querySideOf: () => Promise.reject(new AppError("unknown_adapter", "no such adapter")),
    });
    const request = { query: "q", collection: collectionOf(), mode: "dense", topK: 1 } as const;
    await cached.retrieve(request);
    await cached.retrieve({ ...request, caching: observedCaching() });
    expect(retriever.requests).toHaveLength(2);
  });
});
