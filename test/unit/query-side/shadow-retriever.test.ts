import { describe, test } from "vitest";
import { createShadowRetriever } from "../../../src/query-side/shadow-retriever.ts";
import type { RetrieveOutcome, RetrieveRequest, ShadowSettings } from "../../../src/retrieval/types.ts";
import { AppError } from "../../../src/shared/errors.ts";
import type { JsonObject } from "../../../src/shared/json.ts";
import { fakeQuerySide } from "../../support/fake-query-side.ts";
import { collectionOf } from "../../support/passages.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";

const SHADOW: ShadowSettings = { adapter: "next", share: 1, logQuery: false };

function outcomeOf(titles: readonly string[], adapter?: string): RetrieveOutcome {
  return {
    passages: retrievedPassages(titles.map((title) => ({ title, text: title }))).map((found, index) => ({
      ...found,
      passage: { ...found.passage, id: titles[index] ?? "" },
    })),
    mode: "hybrid",
    degraded: [],
    timings: {},
    usage: { embedTokens: 1, vectorsQueried: 1 },
    querySide: { encoder: "default", ...(adapter === undefined ? {} : { adapter: { name: adapter, sha256: "x" } }) },
  };
}

function newRetriever({
  shadow = SHADOW,
  random = 0,
  fails = false,
}: {
  readonly shadow?: ShadowSettings;
  readonly random?: number;
  readonly fails?: boolean;
} = {}) {
  const asked: RetrieveRequest[] = [];
  const log: JsonObject[] = [];
  const work: Promise<void>[] = [];
  const { shadowStore, shadows } = fakeQuerySide();
  const retriever = createShadowRetriever({
    retriever: {
      retrieve: (request) => {
        asked.push(request);
        const isShadow = request.querySide?.adapter === "next";
        if (isShadow && fails) {
          return Promise.reject(new AppError("unknown_adapter", "no such adapter"));
        }
        return Promise.resolve(isShadow ? outcomeOf(["b", "a", "d"], "next") : outcomeOf(["a", "b", "c"]));
      },
    },
    store: shadowStore,
    log: (entry) => log.push(entry),
    defer: (promise) => work.push(promise),
    random: () => random,
  });
  const retrieve = async () => {
    const collection = collectionOf({ querySide: { shadow } });
    const request = { query: "a secret", collection, mode: "hybrid", topK: 3, requestId: "r1" } as const;
    const outcome = await retriever.retrieve(request);
    await Promise.all(work);
    return outcome;
  };
  return { retrieve, asked, log, shadows };
}

describe("createShadowRetriever", () => {
  test("serves the collection's own and records what the shadow found, without the query", async ({ expect }) => {
    const { retrieve, log, shadows } = newRetriever();
    expect((await retrieve()).passages.map(({ passage }) => passage.id)).toEqual(["a", "b", "c"]);
    expect(shadows).toEqual([
      {
        collection: "animals",
        requestId: "r1",
        mode: "hybrid",
        served: { encoder: "default", adapter: null, adapterSha256: null, ids: ["a", "b", "c"] },
        shadow: { encoder: "default", adapter: "next", adapterSha256: "x", ids: ["b", "a", "d"] },
        overlap: 2 / 3,
        isSameFirst: false,
      },
    ]);
    expect(log).toMatchObject([
      { event: "shadow-retrieval", request_id: "r1", shadow_adapter: "next", overlap: 2 / 3 },
    ]);
    expect(JSON.stringify([log, shadows])).not.toContain("secret");
  });

  test("keeps the query in the record, and not in the log, when the settings ask for it", async ({ expect }) => {
    const { retrieve, log, shadows } = newRetriever({ shadow: { ...SHADOW, logQuery: true } });
    await retrieve();
    expect(shadows[0]?.query).toBe("a secret");
    expect(JSON.stringify(log)).not.toContain("secret");
  });

  test("looks at the share of requests that the settings name", async ({ expect }) => {
    const { retrieve, asked } = newRetriever({ shadow: { ...SHADOW, share: 0.25 }, random: 0.25 });
    await retrieve();
    expect(asked).toHaveLength(1);
  });

  test("a shadow that fails is logged and fails nothing", async ({ expect }) => {
    const { retrieve, log, shadows } = newRetriever({ fails: true });
    expect((await retrieve()).passages).toHaveLength(3);
    expect(log).toMatchObject([{ event: "shadow-retrieval-failed", error_code: "unknown_adapter" }]);
    expect(shadows).toEqual([]);
  });
});
