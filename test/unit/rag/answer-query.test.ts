import { describe, test } from "vitest";
import { AppError } from "../../../src/shared/errors.ts";
import { PASSAGES, QUESTION, run, collect, rendered, retrievalEnd } from "../../support/answer-query-harness.ts";
import { fakeRetriever } from "../../support/fake-retriever.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";

describe("answerQuery", () => {
  test("retrieves, prompts, generates and cites", async ({ expect }) => {
    const target = fakeTargetLm({ script: ["Canada ", "[", "1]", " before Norway [2]."] });
    const retriever = fakeRetriever(PASSAGES);
    const events = await collect(run({ targets: [target], retriever, parameters: { temperature: 0.1 } }));
    expect(events.map(({ type }) => type)).toEqual(
      "retrieval-end text-delta text-delta text-delta text-delta citation citation choice-end end".split(" "),
    );
    expect(rendered(events)).toEqual({ text: "Canada [1] before Norway [2].", cited: ["1:[1]", "2:[2]"] });
    expect(events.at(-1)).toEqual({ type: "end", model: "fake-1", target: "fake" });
    expect(retriever.requests).toMatchObject([{ query: QUESTION.content, mode: "hybrid", topK: 5, failClosed: false }]);
    const [request] = target.requests;
    expect(request).toMatchObject({ query: QUESTION.content, stream: true, parameters: { temperature: 0.1 } });
    expect(request?.messages.at(-1)).toEqual(QUESTION);
    expect(request?.messages[0]?.content).toContain("202,080 km");
  });

  test("reports what was searched and found, before it asks the target", async ({ expect }) => {
    const target = fakeTargetLm();
    const events = run({
      targets: [target],
      retrieval: { notices: [{ code: "top_k_clamped", message: "50" }] },
    });
    const { value } = await events.next();
    expect(value).toMatchObject({
      type: "retrieval-end",
      query: QUESTION.content,
      collection: "animals",
      outcome: { passages: PASSAGES, usage: { embedTokens: 5, vectorsQueried: 100 } },
      notices: [{ code: "top_k_clamped" }],
    });
    expect(target.requests).toEqual([]);
    await events.return(undefined);
  });

  test("keeps choices apart", async ({ expect }) => {
    const script = [
      { type: "text-delta", choice: 0, text: "🍁 [1" },
      { type: "text-delta", choice: 1, text: "[2]" },
      { type: "text-delta", choice: 0, text: "]" },
      { type: "choice-end", choice: 1, finishReason: "stop" },
      { type: "choice-end", choice: 0, finishReason: "length" },
    ] as const;
    const events = await collect(run({ targets: [fakeTargetLm({ script })] }));
    expect(rendered(events, 0)).toEqual({ text: "🍁 [1]", cited: ["1:[1]"] });
    expect(rendered(events, 1)).toEqual({ text: "[2]", cited: ["2:[2]"] });
  });

  test("gives the citations of a choice before its end", async ({ expect }) => {
    const events = await collect(run({ targets: [fakeTargetLm({ script: ["so [1]"] })] }));
    expect(events.map(({ type }) => type).slice(-3)).toEqual(["citation", "choice-end", "end"]);
  });

  test("passes on what it does not own", async ({ expect }) => {
    const extra = { type: "extra-delta", choice: 0, delta: { tool_calls: [{ index: 0 }] } } as const;
    const said = { type: "text-delta", choice: 0, text: "x", logprobs: { content: [] } } as const;
    const usage = { type: "usage", usage: { total_tokens: 3 } } as const;
    const events = await collect(run({ targets: [fakeTargetLm({ script: [extra, said, usage] })] }));
    expect(events).toEqual(expect.arrayContaining([extra, said, usage]));
  });

  describe("retrieval: false", () => {
    test("passes everything through untouched", async ({ expect }) => {
      const target = fakeTargetLm({ script: ["see [1]"] });
      const retriever = fakeRetriever(PASSAGES);
      const events = await collect(run({ targets: [target], retriever, retrieval: false }));
      expect(events).toEqual([
        { type: "text-delta", choice: 0, text: "see [1]" },
        { type: "choice-end", choice: 0, finishReason: "stop" },
        { type: "end", model: "fake-1", target: "fake" },
      ]);
      expect(retriever.requests).toEqual([]);
      expect(target.requests[0]?.messages).toEqual([QUESTION]);
    });

    test("needs no question", async ({ expect }) => {
      const messages = [{ role: "system", content: "Say something." }];
      await expect(collect(run({ messages, retrieval: false }))).resolves.toHaveLength(3);
    });
  });

  describe("the query", () => {
    const conversation = [
      QUESTION,
      { role: "assistant", content: "Canada." },
      { role: "user", content: "And its capital?" },
    ];

    test("joins a question that cannot stand alone", async ({ expect }) => {
      const events = await collect(run({ messages: conversation }));
      expect(retrievalEnd(events)).toMatchObject({
        query: "Which country has the longest coastline?\nAnd its capital?",
        notices: [{ code: "query_joined" }],
      });
    });

    test("is the client's own", async ({ expect }) => {
      const events = await collect(
        run({ messages: conversation, retrieval: { query: "capital of Canada", rewrite: true } }),
      );
      expect(retrievalEnd(events)).toMatchObject({ query: "capital of Canada", notices: [] });
    });

    test("is rewritten by the target first", async ({ expect }) => {
      const target = fakeTargetLm({ script: ({ stream }) => (stream ? ["answer"] : ["capital of Canada"]) });
      const events = await collect(run({ targets: [target], messages: conversation, retrieval: { rewrite: true } }));
      expect(retrievalEnd(events)).toMatchObject({
        query: "capital of Canada",
        notices: [{ code: "query_rewritten" }],
      });
      expect(target.requests).toHaveLength(2);
      expect(rendered(events).text).toBe("answer");
    });

    test("is the joined one when rewriting fails, and that is said", async ({ expect }) => {
      const failure = new AppError("upstream_unavailable", "down");
      const target = fakeTargetLm({ script: ({ stream }) => (stream ? ["answer"] : [failure]) });
      const events = await collect(run({ targets: [target], messages: conversation, retrieval: { rewrite: true } }));
      expect(retrievalEnd(events).query).toContain("\nAnd its capital?");
      expect(retrievalEnd(events).notices.map(({ code }) => code)).toEqual(["degraded", "query_joined"]);
    });

    test("must have a text", async ({ expect }) => {
      const events = run({ messages: [{ role: "user", content: [{ type: "image_url" }] }] });
      await expect(collect(events)).rejects.toMatchObject({ code: "invalid_request", details: { param: "messages" } });
    });
  });

  describe("when retrieval fails", () => {
    const broken = fakeRetriever(new AppError("retrieval_failed", "no leg answered"));

    test("answers without passages, and says so", async ({ expect }) => {
      const target = fakeTargetLm({ script: ["plain [1]"] });
      const events = await collect(run({ targets: [target], retriever: broken }));
      const { outcome, notices } = retrievalEnd(events);
      expect(outcome.passages).toEqual([]);
      expect(outcome.degraded.map(({ leg }) => leg)).toEqual(["dense", "lexical"]);
      expect(notices).toMatchObject([{ code: "degraded" }]);
      expect(rendered(events)).toEqual({ text: "plain [1]", cited: [] });
      expect(target.requests[0]?.messages).toEqual([QUESTION]);
    });

    test("fails when the request asks for that", async ({ expect }) => {
      const events = run({ retriever: broken, retrieval: { onError: "fail" } });
      await expect(collect(events)).rejects.toMatchObject({ code: "retrieval_failed" });
    });

    test("always fails for what the caller can mend", async ({ expect }) => {
      const events = run({ retriever: fakeRetriever(new AppError("invalid_filter", "no")) });
      await expect(collect(events)).rejects.toMatchObject({ code: "invalid_filter" });
    });
  });

  test("tells the target when nothing was found", async ({ expect }) => {
    const target = fakeTargetLm();
    await collect(run({ targets: [target], retriever: fakeRetriever([]) }));
    expect(target.requests[0]?.messages[0]?.content).toMatch(/found nothing/u);
  });

  test("drops passages that the smallest context has no room for", async ({ expect }) => {
    const long = retrievedPassages([{ text: "One short passage." }, { text: "word ".repeat(3_000) }]);
    const targets = [fakeTargetLm({ contextWindow: 100_000 }), fakeTargetLm({ contextWindow: 2_000 })] as const;
    const events = await collect(run({ targets, retriever: fakeRetriever(long) }));
    const { outcome, notices, contextTokens } = retrievalEnd(events);
    expect(outcome.passages).toEqual(long.slice(0, 1));
    expect(notices).toMatchObject([{ code: "passages_dropped_for_context", message: /1 of 2/u }]);
    expect(contextTokens).toBeGreaterThan(0);
    expect(contextTokens).toBeLessThan(2_000);
  });
});
