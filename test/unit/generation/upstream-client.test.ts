import { afterEach, describe, test, vi } from "vitest";
import type { GenerationEvent } from "../../../src/generation/target-lm.ts";
import { generate, generateRequest, textOf } from "../../support/collect-generation.ts";
import { OPENAI_STREAM, OPENAI_TEXT } from "../../support/provider-streams.ts";
import { jsonReply, scriptedFetch, serverSentEvents, streamReply } from "../../support/scripted-fetch.ts";
import { SECRET, targetLm } from "../../support/target-lm-table.ts";

const ENTRY = { provider: "openai-compatible", model: "gpt-5", secret: "KEY", base_url: "https://lm.example/v1/" };
const STREAM = serverSentEvents(OPENAI_STREAM);

describe("an upstream over HTTP", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  describe("refusals", () => {
    test.for<[status: number, code: string, requests: number]>([
      [400, "upstream_rejected", 1],
      [401, "upstream_rejected", 1],
      [404, "upstream_rejected", 1],
      [408, "upstream_timeout", 3],
      [409, "upstream_unavailable", 3],
      [429, "upstream_rate_limited", 3],
      [500, "upstream_unavailable", 3],
      [503, "upstream_unavailable", 3],
      [504, "upstream_timeout", 3],
      [529, "upstream_unavailable", 3],
    ])("%d is %s after %d requests", async ([status, code, count], { expect }) => {
      vi.useFakeTimers();
      const { fetch, requests } = scriptedFetch(
        jsonReply({ error: { message: "no", type: "t", param: "p" } }, { status }),
      );
      const failed = generate(targetLm(ENTRY, { fetch })).catch((error: unknown) => error);
      await vi.runAllTimersAsync();
      expect(await failed).toMatchObject({
        code,
        message: `target LM "model" answered ${status}: no`,
        details: { status, upstreamType: "t", upstreamParam: "p" },
      });
      expect(requests).toHaveLength(count);
    });

    test("a retry that succeeds answers, after the wait that was asked for", async ({ expect }) => {
      vi.useFakeTimers();
      const started = Date.now();
      const { fetch, requests } = scriptedFetch(
        jsonReply({}, { status: 429, headers: { "retry-after": "3" } }),
        streamReply(STREAM),
      );
      const events = generate(targetLm(ENTRY, { fetch }));
      await vi.runAllTimersAsync();
      expect(textOf(await events)).toBe(OPENAI_TEXT);
      expect(requests).toHaveLength(2);
      expect(Date.now() - started).toBeGreaterThanOrEqual(3_000);
    });

    test("an account without quota is not asked again", async ({ expect }) => {
      const body = { error: { message: "You exceeded your current quota", code: "insufficient_quota" } };
      const { fetch, requests } = scriptedFetch(jsonReply(body, { status: 429 }));
      await expect(generate(targetLm(ENTRY, { fetch }))).rejects.toMatchObject({ code: "upstream_rate_limited" });
      expect(requests).toHaveLength(1);
    });

    test("a long wait is left to the client", async ({ expect }) => {
      const { fetch, requests } = scriptedFetch(
        jsonReply({}, { status: 429, headers: { "retry-after-ms": "3600000" } }),
      );
      await expect(generate(targetLm(ENTRY, { fetch }))).rejects.toMatchObject({
        details: { retryAfterMs: 3_600_000 },
      });
      expect(requests).toHaveLength(1);
    });

    test("a host that cannot be reached is tried again", async ({ expect }) => {
      vi.useFakeTimers();
      const { fetch, requests } = scriptedFetch(new TypeError("fetch failed"), streamReply(STREAM));
      const events = generate(targetLm(ENTRY, { fetch }));
      await vi.runAllTimersAsync();
      expect(textOf(await events)).toBe(OPENAI_TEXT);
      expect(requests).toHaveLength(2);
    });

    test.for<[baseUrl: string, host: string]>([
      ["http://localhost:11434/v1/", "localhost:11434"],
      ["https://gateway.example/account-4711/v1/", "gateway.example"],
    ])("a host that is never reached is named, without the path: %s", async ([baseUrl, host], { expect }) => {
      vi.useFakeTimers();
      const { fetch } = scriptedFetch(new TypeError("Network connection lost."));
      const entry = { ...ENTRY, base_url: baseUrl };
      const failed = generate(targetLm(entry, { fetch })).catch((error: unknown) => error);
      await vi.runAllTimersAsync();
      expect(await failed).toMatchObject({
        code: "upstream_unavailable",
        message: `target LM "model" could not be reached at ${host}: Network connection lost.`,
      });
    });

    test("a redirect is not followed", async ({ expect }) => {
      const { fetch, requests } = scriptedFetch(
        () => new Response(null, { status: 307, headers: { location: "http://169.254.169.254/" } }),
      );
      await expect(generate(targetLm(ENTRY, { fetch }))).rejects.toMatchObject({ code: "host_not_allowed" });
      expect(requests).toHaveLength(1);
    });

    test("an answer that is no JSON is malformed", async ({ expect }) => {
      const { fetch } = scriptedFetch(() => new Response("<html>", { headers: { "content-type": "text/html" } }));
      await expect(generate(targetLm(ENTRY, { fetch }))).rejects.toMatchObject({ code: "upstream_malformed" });
    });

    test("a secret that is not set says how to set it", async ({ expect }) => {
      await expect(generate(targetLm({ ...ENTRY, secret: "NOPE" }, {}))).rejects.toMatchObject({
        code: "configuration_invalid",
        message: expect.stringContaining("wrangler secret put NOPE"),
      });
    });
  });

  describe("silence and departure", () => {
    const slow = { ...ENTRY, timeout_ms: 10_000, idle_timeout_ms: 1_000 };
    const half = serverSentEvents(OPENAI_STREAM.slice(0, 3));

    test.for<[name: string, stream: boolean, answer: () => Response | Promise<Response>, limit: number]>([
      ["that never begins", true, () => new Promise<Response>(() => undefined), 1_000],
      ["that falls silent", true, streamReply(half, { ending: "hang" }), 1_000],
      ["in one piece that never comes", false, () => new Promise<Response>(() => undefined), 10_000],
    ])("an answer %s times out", async ([, stream, answer, limit], { expect }) => {
      vi.useFakeTimers();
      const started = Date.now();
      const failed = generate(targetLm(slow, { fetch: abortable(answer) }), { stream }).catch(
        (error: unknown) => error,
      );
      await vi.runAllTimersAsync();
      expect(await failed).toMatchObject({ code: "upstream_timeout", details: { timeoutMs: limit } });
      expect(Date.now() - started).toBe(limit);
      expect(vi.getTimerCount()).toBe(0);
    });

    test("waiting for a retry is not the provider's silence", async ({ expect }) => {
      vi.useFakeTimers();
      const busy = jsonReply({}, { status: 503, headers: { "retry-after": "5" } });
      const events = generate(targetLm(slow, { fetch: scriptedFetch(busy, streamReply(STREAM)).fetch }));
      await vi.runAllTimersAsync();
      expect(textOf(await events)).toBe(OPENAI_TEXT);
    });

    test("waiting for the client is not the provider's silence", async ({ expect }) => {
      vi.useFakeTimers();
      const { fetch } = scriptedFetch(streamReply(STREAM, { cuts: 200 }));
      const { signal } = new AbortController();
      const events: GenerationEvent[] = [];
      for await (const event of targetLm(slow, { fetch }).generate(generateRequest(), { signal })) {
        events.push(event);
        await vi.advanceTimersByTimeAsync(events.length === 1 ? 5_000 : 0);
      }
      expect(textOf(events)).toBe(OPENAI_TEXT);
    });

    test("silence counts again once the client reads on", async ({ expect }) => {
      vi.useFakeTimers();
      const { fetch } = scriptedFetch(streamReply(half, { ending: "hang" }));
      const { signal } = new AbortController();
      const events = targetLm(slow, { fetch }).generate(generateRequest(), { signal })[Symbol.asyncIterator]();
      await events.next();
      await vi.advanceTimersByTimeAsync(5_500);
      const started = Date.now();
      await events.next();
      const failed = events.next().catch((error: unknown) => error);
      await vi.runAllTimersAsync();
      expect(await failed).toMatchObject({ code: "upstream_timeout", details: { timeoutMs: 1_000 } });
      expect(Date.now() - started).toBe(1_000);
    });

    test("the whole has a deadline, however lively it is", async ({ expect }) => {
      vi.useFakeTimers();
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await new Promise((resolve) => {
            setTimeout(resolve, 500);
          });
          controller.enqueue(new TextEncoder().encode(": ping\n\n"));
        },
      });
      const reply = () => new Response(body, { headers: { "content-type": "text/event-stream" } });
      const failed = generate(targetLm(slow, { fetch: scriptedFetch(reply).fetch })).catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(10_500);
      expect(await failed).toMatchObject({ code: "upstream_timeout", details: { timeoutMs: 10_000 } });
    });

    test("an abort reaches the request, and the body", async ({ expect }) => {
      const controller = new AbortController();
      const onCancel = vi.fn<() => void>();
      const { fetch, requests } = scriptedFetch(streamReply(half, { ending: "hang", onCancel }));
      const answer = targetLm(ENTRY, { fetch }).generate(generateRequest(), { signal: controller.signal });
      const events = answer[Symbol.asyncIterator]();
      await events.next();
      await events.next();
      const next = events.next();
      controller.abort();
      await expect(next).rejects.toMatchObject({ code: "aborted" });
      expect(requests[0]?.init.signal?.aborted).toBe(true);
      expect(onCancel).toHaveBeenCalledOnce();
    });

    test("a consumer that leaves cancels the body", async ({ expect }) => {
      const onCancel = vi.fn<() => void>();
      const { fetch } = scriptedFetch(streamReply(half, { ending: "hang", onCancel }));
      const { signal } = new AbortController();
      for await (const event of targetLm(ENTRY, { fetch }).generate(generateRequest(), { signal })) {
        expect(event.type).toBe("text-delta");
        break;
      }
      expect(onCancel).toHaveBeenCalledOnce();
    });

    test("nothing is asked for a client that has already left", async ({ expect }) => {
      const { fetch, requests } = scriptedFetch(streamReply(STREAM));
      await expect(generate(targetLm(ENTRY, { fetch }), {}, AbortSignal.abort())).rejects.toMatchObject({
        code: "aborted",
      });
      expect(requests).toEqual([]);
    });

    /** A `fetch` that gives up when its signal aborts, as real ones do. */
    function abortable(answer: () => Response | Promise<Response>) {
      return async (_: string, { signal }: RequestInit): Promise<Response> => {
        const aborted = new Promise<never>((_, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        });
        return await Promise.race([answer(), aborted]);
      };
    }
  });

  describe("secrets", () => {
    const leaks = async (fetch: Parameters<typeof targetLm>[1]["fetch"]): Promise<string> => {
      const entry = { ...ENTRY, headers: { "x-extra": "token ${KEY}" } };
      const failed = generate(targetLm(entry, fetch === undefined ? {} : { fetch })).catch((error: unknown) => error);
      await vi.runAllTimersAsync();
      const error = (await failed) as Error & { details: unknown };
      const causes = error.cause instanceof Error ? [error.cause.message, error.cause.stack] : [error.cause];
      return JSON.stringify([error.message, error.details, error.stack, ...causes]);
    };

    test.for<[name: string, body: unknown]>([
      ["the whole key", { error: { message: `Incorrect API key provided: ${SECRET}` } }],
      [
        "the header",
        { error: { message: `header authorization: Bearer ${SECRET} refused`, type: SECRET, code: SECRET } },
      ],
      ["another's key", { error: { message: "key sk-proj-abcdefghijklmnop is invalid" } }],
      ["plain text", `oops Bearer ${SECRET}`],
    ])("are taken out of a refusal that repeats %s", async ([, body], { expect }) => {
      vi.useFakeTimers();
      const text = await leaks(scriptedFetch(jsonReply(body, { status: 401 })).fetch);
      expect(text).toContain("[redacted]");
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain("abcdefghijklmnop");
    });

    test("are taken out where they were only a part of a header", async ({ expect }) => {
      const entry = { ...ENTRY, secret: undefined, headers: { "x-gateway": "Token ${GATEWAY}" } };
      const { fetch } = scriptedFetch(jsonReply({ error: { message: "no such token: 7d1c0b52aa" } }, { status: 401 }));
      await expect(generate(targetLm(entry, { fetch, readSecret: () => "7d1c0b52aa" }))).rejects.toMatchObject({
        message: 'target LM "model" answered 401: no such token: [redacted]',
      });
    });

    test("are not what other headers say", async ({ expect }) => {
      const message = "Content-Type must be application/json, x-team eastern";
      const entry = { ...ENTRY, headers: { "x-team": "eastern" } };
      const { fetch } = scriptedFetch(jsonReply({ error: { message } }, { status: 400 }));
      await expect(generate(targetLm(entry, { fetch }))).rejects.toMatchObject({
        message: `target LM "model" answered 400: ${message}`,
      });
    });

    test("are taken out of a runtime's own complaint", async ({ expect }) => {
      vi.useFakeTimers();
      const text = await leaks(scriptedFetch(new TypeError(`"Bearer ${SECRET}" is an invalid header value`)).fetch);
      expect(text).not.toContain(SECRET);
    });

    test("long error pages are cut", async ({ expect }) => {
      vi.useFakeTimers();
      const page = () => new Response(`<html><title>502 Bad Gateway</title>${"x".repeat(100_000)}`, { status: 502 });
      const text = await leaks(scriptedFetch(page).fetch);
      expect(text).toContain("502 Bad Gateway");
      expect(text.length).toBeLessThan(3_000);
    });
  });
});
