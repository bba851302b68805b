import { describe, test } from "vitest";
import { createRetriever, type CreateRetrieverOptions } from "../../../src/retrieval/retriever.ts";
import type { Leg, RetrieveRequest } from "../../../src/retrieval/types.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { failingLeg, fixedLeg, passageReader, silentLeg } from "../../support/fake-legs.ts";
import { collectionOf, passageOf } from "../../support/passages.ts";

const IDS = ["a", "b", "c", "d", "e"];
const denseRun = [
  { id: "a", score: 0.9 },
  { id: "b", score: 0.8 },
  { id: "c", score: 0.1 },
];
const lexicalRun = [
  { id: "b", score: 9 },
  { id: "d", score: 5 },
];

function newRetriever(options: Partial<CreateRetrieverOptions> = {}) {
  let clock = 0;
  const store = passageReader(IDS.map((id) => passageOf({ id })));
  const legs = { dense: fixedLeg(denseRun, "dense"), lexical: fixedLeg(lexicalRun) };
  const retriever = createRetriever({ legs, store, now: () => (clock += 1), ...options });
  return {
    store,
    retrieve: (request: Partial<RetrieveRequest> = {}) =>
      retriever.retrieve({ query: "q", collection: collectionOf(), mode: "hybrid", topK: 10, ...request }),
  };
}

const down = new AppError("encoder_failed", "the encoder could not be loaded", { isRetryable: true });

describe("createRetriever", () => {
  test("dense keeps the dense leg's scores and order", async ({ expect }) => {
    const outcome = await newRetriever().retrieve({ mode: "dense", topK: 2 });
    expect(outcome.passages).toEqual([
      { passage: passageOf({ id: "a" }), score: 0.9, rank: 1, dense: { rank: 1, score: 0.9 } },
      { passage: passageOf({ id: "b" }), score: 0.8, rank: 2, dense: { rank: 2, score: 0.8 } },
    ]);
    expect(outcome).toMatchObject({ mode: "dense", degraded: [], usage: { embedTokens: 7, vectorsQueried: 1 } });
  });

  test("lexical asks no encoder and no vectors", async ({ expect }) => {
    const outcome = await newRetriever().retrieve({ mode: "lexical" });
    expect(outcome.passages.map(({ passage, score }) => [passage.id, score])).toEqual([
      ["b", 9],
      ["d", 5],
    ]);
    expect(outcome.usage).toEqual({ embedTokens: 0, vectorsQueried: 0 });
  });

  test("hybrid fuses by the collection's record and says where each leg had a passage", async ({ expect }) => {
    const collection = collectionOf({ fusion: { method: "rrf", rrfK: 0 } });
    const { passages } = await newRetriever().retrieve({ collection });
    expect(passages.map(({ passage, score }) => [passage.id, score])).toEqual([
      ["b", 1.5],
      ["a", 1],
      ["d", 0.5],
      ["c", 1 / 3],
    ]);
    expect(passages[0]).toMatchObject({ rank: 1, dense: { rank: 2, score: 0.8 }, lexical: { rank: 1, score: 9 } });
    expect(passages[1]).not.toHaveProperty("lexical");
  });

  test("reports the time of each stage", async ({ expect }) => {
    const { timings } = await newRetriever().retrieve();
    expect(Object.keys(timings).toSorted()).toEqual(["dense", "fuse", "lexical", "passages"]);
  });

  test.for<[string, Partial<RetrieveRequest>, string[]]>([
    ["topK cuts", { mode: "dense", topK: 1 }, ["a"]],
    ["minScore drops what scores lower", { mode: "dense", minScore: 0.8 }, ["a", "b"]],
    ["minScore may drop all", { mode: "dense", minScore: 2 }, []],
  ])("%s", async ([, request, expected], { expect }) => {
    const { passages } = await newRetriever().retrieve(request);
    expect(passages.map(({ passage }) => passage.id)).toEqual(expected);
  });

  test("passages that the store no longer has make room for the next ones", async ({ expect }) => {
    const store = passageReader([passageOf({ id: "b" }), passageOf({ id: "c" })]);
    const { retrieve } = newRetriever({ store });
    const { passages } = await retrieve({ mode: "dense", topK: 2 });
    expect(passages.map(({ passage, rank, dense }) => [passage.id, rank, dense?.rank])).toEqual([
      ["b", 1, 2],
      ["c", 2, 3],
    ]);
  });

  test("reads the passages once when none vanished", async ({ expect }) => {
    const { retrieve, store } = newRetriever();
    await retrieve({ topK: 3 });
    expect(store.reads).toBe(1);
  });
});

describe("createRetriever when a document is replaced between the search and the reading of its text", () => {
  /** Finds `old` until it was searched once, then `new`; the store has only `new`, at a later version. */
  function replacedMeanwhile(version: number) {
    let searches = 0;
    const leg: Leg = {
      retrieve: () => {
        searches += 1;
        const run = [{ id: searches === 1 ? "old" : "new", score: 1 }];
        return Promise.resolve({ run, timings: {}, embedTokens: 7, vectorsQueried: 1 });
      },
    };
    const store = {
      ...passageReader([passageOf({ id: "new" })]),
      getCollection: () => Promise.resolve(collectionOf({ version })),
    };
    const { retrieve } = newRetriever({ store, legs: { dense: leg, lexical: leg } });
    return { retrieve, searches: () => searches };
  }

  test("it is searched again, and both searches are counted", async ({ expect }) => {
    const { retrieve, searches } = replacedMeanwhile(2);
    const { passages, usage } = await retrieve({ mode: "dense" });
    expect(passages.map(({ passage }) => passage.id)).toEqual(["new"]);
    expect([searches(), usage]).toEqual([2, { embedTokens: 14, vectorsQueried: 2 }]);
  });

  test("not when nothing was written since: the vector index remembers what was deleted long ago", async ({
    expect,
  }) => {
    const { retrieve, searches } = replacedMeanwhile(1);
    expect((await retrieve({ mode: "dense" })).passages).toEqual([]);
    expect(searches()).toBe(1);
  });

  test("not for ever, where every search meets a write", async ({ expect }) => {
    let version = 1;
    const store = {
      ...passageReader([]),
      getCollection: () => Promise.resolve(collectionOf({ version: (version += 1) })),
    };
    expect((await newRetriever({ store }).retrieve()).passages).toEqual([]);
    expect(version).toBe(3);
  });
});

describe("createRetriever when a leg fails", () => {
  test("hybrid answers from the other leg and says so", async ({ expect }) => {
    const legs = { dense: failingLeg(down), lexical: fixedLeg(lexicalRun) };
    const outcome = await newRetriever({ legs }).retrieve();
    expect(outcome.passages.map(({ passage }) => passage.id)).toEqual(["b", "d"]);
    expect(outcome.degraded).toEqual([{ leg: "dense", reason: "encoder_failed: the encoder could not be loaded" }]);
  });

  test("hybrid fails when asked to fail closed", async ({ expect }) => {
    const legs = { dense: fixedLeg(denseRun, "dense"), lexical: failingLeg(new Error("D1_ERROR")) };
    await expect(newRetriever({ legs }).retrieve({ failClosed: true })).rejects.toMatchObject({
      code: "retrieval_failed",
      isRetryable: true,
      details: { legs: [{ leg: "lexical", code: "retrieval_failed" }] },
    });
  });

  test("all legs failing is retrieval_failed with both causes", async ({ expect }) => {
    const legs = { dense: failingLeg(down), lexical: failingLeg(new Error("D1_ERROR")) };
    const error = await newRetriever({ legs })
      .retrieve()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "retrieval_failed" });
    expect((error as Error).message).toContain("the encoder could not be loaded");
    expect((error as Error & { cause: AggregateError }).cause.errors).toHaveLength(2);
  });

  test("a single failing leg is retrieval_failed with its cause", async ({ expect }) => {
    const cause = new Error("D1_ERROR");
    const legs = { dense: fixedLeg([]), lexical: failingLeg(cause) };
    await expect(newRetriever({ legs }).retrieve({ mode: "lexical" })).rejects.toMatchObject({
      code: "retrieval_failed",
      cause: { cause },
    });
  });

  test.for(["fingerprint_mismatch", "invalid_filter", "dims_mismatch", "configuration_invalid"] as const)(
    "%s stays until somebody mends it, and never degrades",
    async (code, { expect }) => {
      const legs = { dense: failingLeg(new AppError(code, "mend me")), lexical: fixedLeg(lexicalRun) };
      await expect(newRetriever({ legs }).retrieve()).rejects.toMatchObject({ code, message: "mend me" });
    },
  );

  test("a leg that stays silent is given up at the deadline", async ({ expect }) => {
    const legs = { dense: silentLeg(), lexical: fixedLeg(lexicalRun) };
    const { degraded } = await newRetriever({ legs, legDeadlineMs: 5 }).retrieve();
    expect(degraded).toEqual([{ leg: "dense", reason: "retrieval_failed: the dense leg did not answer within 5 ms" }]);
  });

  test("a text store that fails is retrieval_failed", async ({ expect }) => {
    const cause = new Error("D1_ERROR");
    const store = { ...passageReader([]), getPassages: (): Promise<never> => Promise.reject(cause) };
    await expect(newRetriever({ store }).retrieve()).rejects.toMatchObject({
      code: "retrieval_failed",
      message: "the text store failed",
      cause,
    });
  });

  test("an abort ends the wait at once", async ({ expect }) => {
    const legs = { dense: silentLeg(), lexical: silentLeg() };
    const controller = new AbortController();
    const outcome = newRetriever({ legs }).retrieve({ signal: controller.signal });
    controller.abort();
    await expect(outcome).rejects.toMatchObject({ code: "aborted" });
  });

  test("a request aborted before it starts runs no leg", async ({ expect }) => {
    const legs = { dense: failingLeg(down), lexical: failingLeg(down) };
    const signal = AbortSignal.abort();
    await expect(newRetriever({ legs }).retrieve({ signal })).rejects.toMatchObject({ code: "aborted" });
  });
});
