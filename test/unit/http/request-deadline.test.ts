import { describe, it } from "vitest";
import type { TargetLm } from "../../../src/generation/target-lm.ts";
import { answerQuery } from "../../../src/rag/answer-query.ts";
import type { Retriever } from "../../../src/retrieval/types.ts";
import { abortError } from "../../../src/shared/abort-error.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { type AppOverFakes, createAppOverFakes } from "../../support/app-over-fakes.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";
import { memoryLedgers } from "../../support/memory-ledgers.ts";

const messages = [{ role: "user", content: "What purrs?" }];

interface World {
  readonly app: AppOverFakes;
  readonly records: ReturnType<typeof memoryLedgers>["records"];
}

interface Stages {
  readonly target?: TargetLm;
  readonly retriever?: Retriever;
  readonly variables?: Readonly<Record<string, string>>;
}

function world({ target = fakeTargetLm(), retriever, variables = {} }: Stages): World {
  const { ledgerOf, records } = memoryLedgers();
  const app = createAppOverFakes({
    ledgerOf,
    variables,
    answer: answerQuery,
    dependencies: {
      now: () => performance.now(),
      targetLms: () => [target],
      ...(retriever === undefined ? {} : { retriever }),
    },
  });
  return { app, records };
}

/** Says `words`, then nothing until its signal fires. */
function silentAfter(words: readonly string[]): TargetLm {
  return {
    ...fakeTargetLm({ name: "silent" }),
    async *generate(_request, { signal }) {
      for (const text of words) {
        yield { type: "text-delta", choice: 0, text };
      }
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(abortError(signal)));
      });
    },
  };
}

const chat = (body: object, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: "POST",
  headers,
  body: JSON.stringify({ messages, retrieval: false, ...body }),
});

describe("a request's deadline", () => {
  it("ends the wait for a target LM with 504, and is counted as failed", async ({ expect }) => {
    const { app, records } = world({ target: silentAfter([]), variables: { REQUEST_TIMEOUT_MS: "20" } });
    const response = await app.fetch("/v1/chat/completions", chat({}));
    expect([response.status, await response.json()]).toMatchObject([504, { error: { code: "deadline_exceeded" } }]);
    await expect.poll(records).toMatchObject([{ outcome: "failed", status: 504, errorCode: "deadline_exceeded" }]);
  });

  it("ends a stream in an error frame, and the words said are counted", async ({ expect }) => {
    const { app, records } = world({ target: silentAfter(["Cats"]) });
    const response = await app.fetch("/v1/chat/completions", chat({ stream: true }, { "x-request-timeout-ms": "40" }));
    const text = await response.text();
    expect(text).toContain('"content":"Cats"');
    expect(text).toContain('"code":"deadline_exceeded"');
    expect(text).not.toContain("[DONE]");
    await expect.poll(records).toMatchObject([{ outcome: "failed", counts: { completionTokens: 1 } }]);
  });

  it("leaves the answer half of the time, whatever retrieval takes", async ({ expect }) => {
    const asked: (number | undefined)[] = [];
    const retriever: Retriever = {
      retrieve: ({ timeoutMs }) => {
        asked.push(timeoutMs);
        return Promise.reject(new AppError("retrieval_failed", "too slow"));
      },
    };
    const { app } = world({ retriever });
    const body = { retrieval: undefined };
    const response = await app.fetch("/v1/chat/completions", chat(body, { "x-request-timeout-ms": "60000" }));
    expect(response.status).toBe(200);
    await app.fetch("/v1/chat/completions", chat(body));
    expect(asked[0]).toBeLessThanOrEqual(30_000);
    expect(asked[0]).toBeGreaterThan(1_000);
    expect(asked[1]).toBe(Number.POSITIVE_INFINITY);
  });

  it("is kept by stages that listen to nothing", async ({ expect }) => {
    const retriever: Retriever = { retrieve: () => new Promise(() => undefined) };
    const { app } = world({ retriever });
    const response = await app.fetch("/v1/retrieve", {
      method: "POST",
      headers: { "x-request-timeout-ms": "10" },
      body: JSON.stringify({ query: "purr" }),
    });
    expect(response.status).toBe(504);
  });

  it("can be shortened by a client, not lengthened", async ({ expect }) => {
    const { app } = world({ target: silentAfter([]), variables: { REQUEST_TIMEOUT_MS: "20" } });
    const response = await app.fetch("/v1/chat/completions", chat({}, { "x-request-timeout-ms": "3600000" }));
    expect(response.status).toBe(504);
  });

  it.for(["0", "-1", "1.5", "abc", "99999999", "9999999"])("is no %s", async (value, { expect }) => {
    const { app } = world({});
    const response = await app.fetch("/v1/chat/completions", chat({}, { "x-request-timeout-ms": value }));
    expect([response.status, await response.json()]).toMatchObject([400, { error: { param: "x-request-timeout-ms" } }]);
  });
});
