import { describe, it } from "vitest";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import type { AnswerEvent } from "../../../src/rag/answer-event.ts";
import { fakeEncoder } from "../../support/fake-encoder.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";
import { createTestApp } from "../../support/test-app.ts";

const chat = (body: object, init: RequestInit = {}): RequestInit => ({
  method: "POST",
  body: JSON.stringify({ messages: [{ role: "user", content: "What purrs?" }], ...body }),
  ...init,
});

describe("POST /v1/chat/completions", () => {
  it("refuses a stream over a target that cannot", async ({ expect }) => {
    const { fetch } = createTestApp({ dependencies: { targetLms: () => [fakeTargetLm({ canStream: false })] } });
    const response = await fetch("/v1/chat/completions", chat({ stream: true }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "stream_unsupported", param: "stream" } });
    expect((await fetch("/v1/chat/completions", chat({}))).status).toBe(200);
  });

  it("hands the client's leaving on, before the answer has begun", async ({ expect }) => {
    const leave = new AbortController();
    const seen = Promise.withResolvers<string>();
    const { fetch } = createTestApp({
      answer: async function* ({ signal }): AsyncGenerator<AnswerEvent> {
        await new Promise((resolve) => {
          signal.addEventListener("abort", resolve, { once: true });
          queueMicrotask(() => leave.abort());
        });
        seen.resolve("aborted");
        signal.throwIfAborted();
        yield { type: "end", model: "m", target: "t" };
      },
    });
    await fetch("/v1/chat/completions", chat({}, { signal: leave.signal }));
    expect(await seen.promise).toBe("aborted");
  });

  it("aborts the answer when the stream is cancelled", async ({ expect }) => {
    const seen = Promise.withResolvers<string>();
    const { fetch } = createTestApp({
      answer: async function* ({ signal }): AsyncGenerator<AnswerEvent> {
        signal.addEventListener("abort", () => seen.resolve("aborted"), { once: true });
        for (;;) {
          await Promise.resolve();
          yield { type: "text-delta", choice: 0, text: "word " };
        }
      },
    });
    const response = await fetch("/v1/chat/completions", chat({ stream: true }));
    await response.body?.cancel();
    expect(await seen.promise).toBe("aborted");
  });
});

describe("POST /v1/embeddings", () => {
  it("stops encoding when the client leaves", async ({ expect }) => {
    const leave = new AbortController();
    const encoder = fakeEncoder();
    const seen = Promise.withResolvers<boolean>();
    const encodePassages: Encoder["encodePassages"] = async (passages, { signal } = {}) => {
      leave.abort();
      seen.resolve(signal?.aborted === true);
      return await encoder.encodePassages(passages);
    };
    const { fetch } = createTestApp({
      dependencies: { encoder: () => Promise.resolve({ ...encoder, encodePassages }) },
    });
    await fetch("/v1/embeddings", { method: "POST", body: '{"input": "a"}', signal: leave.signal });
    expect(await seen.promise).toBe(true);
  });
});
