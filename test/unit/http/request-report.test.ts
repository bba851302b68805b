import { describe, it } from "vitest";
import { RequestReport } from "../../../src/http/request-report.ts";
import { answerQuery } from "../../../src/rag/answer-query.ts";
import type { Retriever } from "../../../src/retrieval/types.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { createAppOverFakes } from "../../support/app-over-fakes.ts";
import { fakeRetriever } from "../../support/fake-retriever.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";
import { memoryLedgers } from "../../support/memory-ledgers.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";

const PASSAGES = retrievedPassages([{ title: "Cats", text: "Cats purr." }]);
const messages = [{ role: "user", content: "What purrs?" }];
const post = (body: object, headers = {}): RequestInit => ({ method: "POST", headers, body: JSON.stringify(body) });

function world(retriever: Retriever, targets = [fakeTargetLm()] as const) {
  const { ledgerOf, records } = memoryLedgers();
  const app = createAppOverFakes({
    ledgerOf,
    answer: answerQuery,
    dependencies: { retriever, targetLms: () => targets },
  });
  return { app, records };
}

describe("RequestReport", () => {
  it("calls a stage by its worst use", ({ expect }) => {
    const report = new RequestReport();
    report.cached("embedding", "hit");
    report.cached("retrieval", "hit");
    report.cached("retrieval", "miss");
    report.cached("retrieval", "hit");
    expect(report.headers).toEqual({ "x-cache": "embedding=hit, retrieval=miss" });
    expect(report.hits).toEqual(["embedding"]);
  });

  it("says nothing where there is nothing to say", ({ expect }) => {
    const report = new RequestReport();
    expect([report.headers, report.logFields]).toEqual([{}, {}]);
  });
});

describe("a response says", () => {
  it("what was cached, as do the log and the usage record", async ({ expect }) => {
    const retriever: Retriever = {
      retrieve: (request) => {
        request.caching?.report("retrieval", request.caching.canRead ? "hit" : "bypass");
        return fakeRetriever(PASSAGES).retrieve(request);
      },
    };
    const { app, records } = world(retriever);
    const cached = await app.fetch("/v1/retrieve", post({ query: "purr" }));
    const anew = await app.fetch("/v1/retrieve", post({ query: "purr" }, { "cache-control": "no-cache" }));
    expect([cached, anew].map(({ headers }) => headers.get("x-cache"))).toEqual(["retrieval=hit", "retrieval=bypass"]);
    expect(app.log[0]).toMatchObject({ event: "request", cache: "retrieval=hit" });
    await expect.poll(async () => (await records()).map(({ cached: stages }) => stages)).toEqual(["retrieval", ""]);
  });

  it("which leg it had to do without", async ({ expect }) => {
    const retriever: Retriever = {
      retrieve: async (request) => ({
        ...(await fakeRetriever(PASSAGES).retrieve(request)),
        degraded: [{ leg: "dense", reason: "down" }],
      }),
    };
    const { app } = world(retriever);
    for (const response of [
      await app.fetch("/v1/retrieve", post({ query: "purr" })),
      await app.fetch("/v1/chat/completions", post({ messages })),
      await app.fetch("/v1/chat/completions", post({ messages, stream: true })),
    ]) {
      expect(response.headers.get("x-degraded")).toBe("dense");
      await response.text();
    }
    expect(app.log.filter(({ event }) => event === "request")).toMatchObject(
      Array.from({ length: 3 }, () => ({ degraded: "dense" })),
    );
  });

  it("that retrieval failed, that a query was not rewritten, and that a fallback answered", async ({ expect }) => {
    const failed = world(fakeRetriever(new AppError("retrieval_failed", "down")));
    const response = await failed.app.fetch("/v1/chat/completions", post({ messages }));
    expect(response.headers.get("x-degraded")).toBe("dense, lexical");
    expect(await response.json()).toMatchObject({ retrieval: { degraded: [{ leg: "dense" }, { leg: "lexical" }] } });

    const down = fakeTargetLm({ name: "extractive", script: [new AppError("upstream_unavailable", "down")] });
    const { app } = world(fakeRetriever(PASSAGES), [down, fakeTargetLm({ name: "b" })] as never);
    const replaced = await app.fetch("/v1/chat/completions", post({ messages, retrieval: { rewrite: true } }));
    expect(replaced.headers.get("x-degraded")).toBe("rewrite, fallback");
    expect(await replaced.json()).toMatchObject({ answered_by: "b" });
  });
});
