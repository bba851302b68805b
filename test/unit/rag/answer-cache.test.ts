import { describe, test } from "vitest";
import type { AnswerCacheSettings } from "../../../src/caching/cache-settings.ts";
import type { TargetLm } from "../../../src/generation/target-lm.ts";
import { createAnswerCache } from "../../../src/rag/answer-cache.ts";
import type { AnswerEvent } from "../../../src/rag/answer-event.ts";
import { answerQuery, type AnswerRequest } from "../../../src/rag/answer-query.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { PASSAGES } from "../../support/answer-query-harness.ts";
import { type FakeRetriever, fakeRetriever } from "../../support/fake-retriever.ts";
import { type FakeTargetLm, fakeTargetLm } from "../../support/fake-target-lm.ts";
import { memoryStageCache, observedCaching } from "../../support/observed-caching.ts";
import { collectionOf } from "../../support/passages.ts";

const QUESTION = "Which country has the longest coastline?";
const user = (content: AnswerRequest["messages"][number]["content"]) => ({ role: "user", content });
const RETRIEVAL = { collection: collectionOf({ id: 1 }), mode: "hybrid", topK: 5, onError: "degrade" } as const;

/** Two directions in a plane: the cosine of two questions is that of the angle between their `degrees`. */
const DEGREES: Readonly<Record<string, number>> = {
  [QUESTION]: 0,
  "What country's coastline is longest?": 10,
  "Which country has the longest river?": 40,
  "In 2023, which was first?": 0,
  "In 2024, which was first?": 1,
};

interface WorldOptions {
  readonly retriever?: FakeRetriever;
  readonly temperature?: AnswerCacheSettings["temperature"];
  readonly isSemantic?: boolean;
}

function world({ retriever = fakeRetriever(PASSAGES), temperature = "zero", isSemantic = false }: WorldOptions = {}) {
  const cache = memoryStageCache();
  const target = fakeTargetLm({
    script: ["Canada [1].", { type: "usage", usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } }],
  });
  const answer = createAnswerCache({
    answer: answerQuery,
    cache,
    settings: {
      ttlSeconds: 60,
      temperature,
      semantic: isSemantic ? { threshold: 0.95, entries: 2 } : undefined,
    },
    targetLms: "{}",
    embed: (question) => {
      const angle = ((DEGREES[question] ?? 90) * Math.PI) / 180;
      return Promise.resolve(Float32Array.of(Math.cos(angle), Math.sin(angle)));
    },
  });
  const ask = async (request: Partial<AnswerRequest> = {}) => {
    const caching = observedCaching();
    const events = await Array.fromAsync<AnswerEvent>(
      answer(
        {
          targets: [target],
          messages: [user(QUESTION)],
          parameters: { temperature: 0 },
          stream: true,
          retrieval: RETRIEVAL,
          caching,
          signal: new AbortController().signal,
          ...request,
        },
        { retriever, createNonce: () => "nonce" },
      ),
    );
    await cache.written();
    return { events, reports: caching.reports };
  };
  return { ask, target, retriever, cache };
}

describe("an answer that was kept", () => {
  test("is said again event by event, without retrieval and without a model", async ({ expect }) => {
    const { ask, target, retriever } = world();
    const first = await ask();
    const second = await ask({ stream: false });
    expect([first.reports, second.reports]).toEqual([["answer=miss"], ["answer=hit"]]);
    const withoutTimings = first.events.map((event) =>
      event.type === "retrieval-end" ? { ...event, outcome: { ...event.outcome, timings: {} } } : event,
    );
    expect(second.events).toEqual(withoutTimings);
    expect(second.events.map(({ type }) => type)).toContain("citation");
    expect([target.requests.length, retriever.requests.length]).toEqual([1, 1]);
  });

  test.for<[what: string, request: Partial<AnswerRequest>]>([
    ["another tenant", { caching: observedCaching({ scope: "globex" }) }],
    ["another question", { messages: [user("And the shortest?")] }],
    ["another history", { messages: [user("Hello"), { role: "assistant", content: "Hi" }, user(QUESTION)] }],
    ["another parameter", { parameters: { temperature: 0, max_tokens: 9 } }],
    ["a written collection", { retrieval: { ...RETRIEVAL, collection: collectionOf({ id: 1, version: 2 }) } }],
    ["other retrieval", { retrieval: { ...RETRIEVAL, filter: { a: 1 } } }],
    ["no retrieval", { retrieval: false }],
    ["another model", { targets: [fakeTargetLm({ name: "other" })] }],
    ["a client that wants a new one", { caching: observedCaching({ canRead: false }) }],
  ])("is not for %s", async ([, request], { expect }) => {
    const { ask, retriever } = world();
    const first = await ask();
    const other = await ask(request);
    expect(other.reports).not.toContain("answer=hit");
    expect(first.events.at(-1)).toMatchObject({ type: "end" });
    const searches = request.retrieval === false ? 1 : 2;
    expect(retriever.requests).toHaveLength(searches);
  });

  test("is for a request with another id", async ({ expect }) => {
    const { ask } = world();
    await ask({ retrieval: { ...RETRIEVAL, requestId: "a" } });
    expect((await ask({ retrieval: { ...RETRIEVAL, requestId: "b" } })).reports).toEqual(["answer=hit"]);
  });
});

describe("an answer is not kept", () => {
  test.for<[what: string, request: Partial<AnswerRequest>]>([
    ["random", { parameters: {} }],
    ["of a little randomness", { parameters: { temperature: 0.1 } }],
    ["personal", { parameters: { temperature: 0, user: "ada" } }],
    ["with tools", { parameters: { temperature: 0, tools: [] } }],
    ["one of many", { parameters: { temperature: 0, n: 2 } }],
    ["to a picture", { messages: [user([{ type: "image_url", image_url: { url: "data:" } }])], retrieval: false }],
    ["to a tool's result", { messages: [{ role: "tool", content: "7", tool_call_id: "1" }], retrieval: false }],
    ["for a client that forbids it", { caching: observedCaching({ canRead: false, canWrite: false }) }],
  ])("that is %s", async ([, request], { expect }) => {
    const { ask, target } = world();
    await ask(request);
    const second = await ask(request);
    expect(second.reports.filter((report) => report !== "answer=bypass")).toEqual([]);
    expect(target.requests).toHaveLength(2);
  });

  test.for<[what: string, targets: AnswerRequest["targets"], found: FakeRetriever]>([
    ["cut off", [failing("upstream_cut", "half")], fakeRetriever(PASSAGES)],
    ["a fallback's", [failing("upstream_unavailable"), fakeTargetLm({ name: "b" })], fakeRetriever(PASSAGES)],
    ["without its passages", [fakeTargetLm()], fakeRetriever(new AppError("retrieval_failed", "down"))],
  ])("that is %s", async ([, targets, retriever], { expect }) => {
    const { ask } = world({ retriever });
    await ask({ targets }).catch(() => undefined);
    const caching = observedCaching();
    await ask({ targets, caching }).catch(() => undefined);
    expect(caching.reports).toEqual(["answer=miss"]);
  });

  test("but random ones are where the configuration says so", async ({ expect }) => {
    const { ask } = world({ temperature: "any" });
    await ask({ parameters: { temperature: 1 } });
    expect((await ask({ parameters: { temperature: 1 } })).reports).toEqual(["answer=hit"]);
  });
});

function failing(code: "upstream_cut" | "upstream_unavailable", ...words: string[]): TargetLm {
  const target: FakeTargetLm = fakeTargetLm({ name: "a", script: [...words, new AppError(code, "failed")] });
  return target;
}

describe("answers to questions that mean the same", () => {
  const asking = (content: string): Partial<AnswerRequest> => ({ messages: [user(content)] });

  test("are one, above the threshold and not below", async ({ expect }) => {
    const { ask } = world({ isSemantic: true });
    await ask();
    const near = await ask(asking("What country's coastline is longest?"));
    const far = await ask(asking("Which country has the longest river?"));
    expect([near.reports, far.reports]).toEqual([["answer=hit"], ["answer=miss"]]);
  });

  test("are not one when they name other numbers", async ({ expect }) => {
    const { ask } = world({ isSemantic: true });
    await ask(asking("In 2023, which was first?"));
    expect((await ask(asking("In 2024, which was first?"))).reports).toEqual(["answer=miss"]);
  });

  test("are not one across tenants, or in another conversation", async ({ expect }) => {
    const { ask, target } = world({ isSemantic: true });
    await ask();
    const near = user("What country's coastline is longest?");
    await ask({ messages: [near], caching: observedCaching({ scope: "globex" }) });
    await ask({ messages: [{ role: "system", content: "Be rude." }, near] });
    expect(target.requests).toHaveLength(3);
  });

  test("are looked for among the latest only", async ({ expect }) => {
    const { ask } = world({ isSemantic: true });
    for (const question of [QUESTION, "Which country has the longest river?", "something else"]) {
      await ask(asking(question));
    }
    expect((await ask(asking("What country's coastline is longest?"))).reports).toEqual(["answer=miss"]);
  });
});
