import * as fc from "fast-check";
import { describe, test, vi } from "vitest";
import type { GenerationEvent } from "../../../src/generation/target-lm.ts";
import { generate, textOf } from "../../support/collect-generation.ts";
import { OPENAI_COMPLETION, OPENAI_STREAM, OPENAI_TEXT, openAiChunk } from "../../support/provider-streams.ts";
import { jsonReply, scriptedFetch, serverSentEvents, streamReply } from "../../support/scripted-fetch.ts";
import { SECRET, targetLm } from "../../support/target-lm-table.ts";

const ENTRY = { provider: "openai-compatible", model: "gpt-5", secret: "KEY", base_url: "https://lm.example/v1/" };
const STREAM = serverSentEvents(OPENAI_STREAM);

const answering = (text: string, options: Parameters<typeof streamReply>[1] = {}) =>
  targetLm(ENTRY, { fetch: scriptedFetch(streamReply(text, options)).fetch });

/** Consecutive text deltas joined, so that the way a stream was cut does not show. */
function joined(events: readonly GenerationEvent[]): unknown[] {
  return [textOf(events), ...events.filter(({ type }) => type !== "text-delta")];
}

describe("openai-compatible", () => {
  test("sends what the client sent, to the configured model and host", async ({ expect }) => {
    const { fetch, requests } = scriptedFetch(streamReply(STREAM));
    const parameters = {
      temperature: 0.2,
      tools: [{ type: "function", function: { name: "f" } }],
      tool_choice: "auto",
      logprobs: true,
      n: 2,
      response_format: { type: "json_object" },
      stream_options: { include_usage: true },
      reasoning_effort: "low",
    };
    const messages = [
      { role: "user", content: [{ type: "image_url", image_url: { url: "https://example.org/a.png" } }] },
    ];
    await generate(targetLm(ENTRY, { fetch }), {
      parameters: { ...parameters, model: "other", stream: false },
      messages,
    });
    expect(requests).toMatchObject([
      {
        url: "https://lm.example/v1/chat/completions",
        headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
        init: { method: "POST", redirect: "manual" },
      },
    ]);
    expect(requests[0]?.body).toEqual({ ...parameters, model: "gpt-5", messages, stream: true });
  });

  test("fills secrets into configured headers", async ({ expect }) => {
    const { fetch, requests } = scriptedFetch(streamReply(STREAM));
    const entry = { ...ENTRY, secret: undefined, headers: { "X-Portkey-Api-Key": "pk ${KEY}", "x-plain": "1" } };
    await generate(targetLm(entry, { fetch }));
    expect(requests[0]?.headers).toMatchObject({ "x-portkey-api-key": `pk ${SECRET}`, "x-plain": "1" });
    expect(requests[0]?.headers).not.toHaveProperty("authorization");
  });

  test("reads a stream", async ({ expect }) => {
    expect(joined(await generate(answering(STREAM)))).toEqual([
      OPENAI_TEXT,
      { type: "choice-end", choice: 0, finishReason: "stop" },
      { type: "usage", usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 } },
      { type: "end", model: "gpt-5-2026-01-01" },
    ]);
  });

  test("reads an answer in one piece", async ({ expect }) => {
    const { fetch, requests } = scriptedFetch(jsonReply(OPENAI_COMPLETION));
    const parameters = { stream_options: { include_usage: true } };
    const events = await generate(targetLm(ENTRY, { fetch }), { stream: false, parameters });
    expect(requests[0]?.body).toMatchObject({ stream: false });
    expect(requests[0]?.body).not.toHaveProperty("stream_options");
    expect(events).toEqual([
      { type: "text-delta", choice: 0, text: OPENAI_TEXT },
      { type: "choice-end", choice: 0, finishReason: "stop" },
      { type: "usage", usage: OPENAI_COMPLETION.usage },
      { type: "end", model: "gpt-5-2026-01-01" },
    ]);
  });

  test("reads one piece where a stream was asked for, as some servers answer", async ({ expect }) => {
    const target = targetLm(ENTRY, { fetch: scriptedFetch(jsonReply(OPENAI_COMPLETION)).fetch });
    expect(textOf(await generate(target))).toBe(OPENAI_TEXT);
  });

  test("a stream means the same wherever the network cuts it", async ({ expect }) => {
    const whole = joined(await generate(answering(STREAM)));
    const length = new TextEncoder().encode(STREAM).length;
    for (const cuts of [1, 2, 3, 7]) {
      expect(joined(await generate(answering(STREAM, { cuts })))).toEqual(whole);
    }
    for (let position = 1; position < length; position += 3) {
      expect(joined(await generate(answering(STREAM, { cuts: [position] })))).toEqual(whole);
    }
  });

  test("a stream that ends anywhere before its last word is cut, never complete", async ({ expect }) => {
    const bytes = new TextEncoder().encode(serverSentEvents(OPENAI_STREAM.slice(0, 6)));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), fc.constantFrom("close", "break"), async (end, ending) => {
        const text = new TextDecoder().decode(bytes.slice(0, end));
        await expect(generate(answering(text, { ending }))).rejects.toMatchObject({ code: "upstream_cut" });
      }),
      { numRuns: 300 },
    );
  });

  describe("the end of a stream", () => {
    const text = openAiChunk({ delta: { content: "x" } });
    const end = (index = 0) => ({ ...openAiChunk({ index, finish_reason: "stop" }) });
    const ends = (...events: unknown[]) => generate(answering(serverSentEvents(events)));

    test("is accepted without [DONE] when every choice has finished", async ({ expect }) => {
      await expect(ends(text, end())).resolves.toContainEqual({ type: "end", model: "gpt-5-2026-01-01" });
    });

    test("is a cut when one of several choices has not finished", async ({ expect }) => {
      const other = openAiChunk({ index: 1, delta: { content: "y" } });
      await expect(ends(text, other, end())).rejects.toMatchObject({ code: "upstream_cut" });
    });

    test("is accepted with [DONE] alone", async ({ expect }) => {
      const events = await ends(text, "[DONE]");
      expect(events).toContainEqual({ type: "choice-end", choice: 0, finishReason: "stop" });
    });

    test("is accepted when [DONE] lacks its blank line", async ({ expect }) => {
      const stream = `${serverSentEvents([text])}data: [DONE]`;
      await expect(generate(answering(stream))).resolves.toContainEqual(expect.objectContaining({ type: "end" }));
    });

    test("without a single choice is malformed", async ({ expect }) => {
      await expect(ends("[DONE]")).rejects.toMatchObject({ code: "upstream_malformed" });
    });

    test("ignores what follows [DONE], and lets go of the connection", async ({ expect }) => {
      const onCancel = vi.fn<() => void>();
      const stream = serverSentEvents([text, end(), "[DONE]", "garbage"]);
      await generate(answering(stream, { ending: "hang", onCancel }));
      expect(onCancel).toHaveBeenCalledOnce();
    });
  });

  test.for<[name: string, stream: string]>([
    ["comments and unknown fields", `: keep-alive\n\nfoo: bar\n${STREAM}`],
    ["carriage returns", STREAM.replaceAll("\n", "\r\n")],
    ["a byte order mark", `\uFEFF${STREAM}`],
    ["no space after the colon", STREAM.replaceAll("data: ", "data:")],
  ])("copes with %s", async ([, stream], { expect }) => {
    expect(textOf(await generate(answering(stream)))).toBe(OPENAI_TEXT);
  });

  test("passes tool calls, reasoning and logprobs on, and leaves nulls out", async ({ expect }) => {
    const call = { index: 0, id: "c", type: "function", function: { name: "f", arguments: "{" } };
    const logprobs = { content: [{ token: "x", logprob: -1 }] };
    const events = await generate(
      answering(
        serverSentEvents([
          openAiChunk({ delta: { role: "assistant", content: null, tool_calls: [call], refusal: null } }),
          openAiChunk({ delta: { reasoning_content: "hm" } }),
          openAiChunk({ delta: { content: "x" }, logprobs }),
          openAiChunk({ finish_reason: "tool_calls" }),
          "[DONE]",
        ]),
      ),
    );
    expect(events.slice(0, 3)).toEqual([
      { type: "extra-delta", choice: 0, delta: { tool_calls: [call] } },
      { type: "extra-delta", choice: 0, delta: { reasoning_content: "hm" } },
      { type: "text-delta", choice: 0, text: "x", logprobs },
    ]);
  });

  test("numbers the tool calls of an answer in one piece, which a stream must have", async ({ expect }) => {
    const calls = ["f", "g"].map((name) => ({ id: name, type: "function", function: { name, arguments: "{}" } }));
    const message = { role: "assistant", content: null, tool_calls: calls };
    const choices = [{ index: 0, message, finish_reason: "tool_calls" }];
    const events = await generate(targetLm(ENTRY, { fetch: scriptedFetch(jsonReply({ choices })).fetch }));
    expect(events[0]).toEqual({
      type: "extra-delta",
      choice: 0,
      delta: { tool_calls: calls.map((call, index) => ({ index, ...call })) },
    });
  });

  test("keeps several choices apart", async ({ expect }) => {
    const piece = (index: number, content: string) => openAiChunk({ index, delta: { content } });
    const ends = [0, 1].map((index) => openAiChunk({ index, finish_reason: "stop" }));
    const events = await generate(
      answering(serverSentEvents([piece(1, "b"), piece(0, "a"), piece(1, "b"), ...ends, "[DONE]"])),
    );
    expect([textOf(events, 0), textOf(events, 1)]).toEqual(["a", "bb"]);
  });

  describe("errors inside a stream", () => {
    test.for<[frame: unknown, expected: Record<string, unknown>]>([
      [{ error: { message: "overloaded", type: "server_error" } }, { code: "upstream_unavailable", isRetryable: true }],
      [{ error: { message: "slow down", code: 429 } }, { code: "upstream_rate_limited" }],
      [
        { error: { message: "too long", code: "context_length_exceeded" } },
        { code: "upstream_rejected", isRetryable: false },
      ],
      [{ error: "worker died" }, { code: "upstream_unavailable", message: /worker died/u }],
      ["{not json", { code: "upstream_malformed" }],
      ['"a string"', { code: "upstream_malformed" }],
      [{ choices: "none" }, { code: "upstream_malformed" }],
    ])("%j", async ([frame, expected], { expect }) => {
      const stream = serverSentEvents([openAiChunk({ delta: { content: "half" } }), frame]);
      const { message, ...rest } = expected;
      const failure = await generate(answering(stream)).catch((error: unknown) => error);
      expect(failure).toMatchObject(rest);
      expect(failure).toHaveProperty(
        "message",
        expect.stringMatching(message instanceof RegExp ? message : /target LM "model"/u),
      );
    });

    test("an event without end", async ({ expect }) => {
      const stream = `data: ${"x".repeat(9 * 1024 * 1024)}`;
      await expect(generate(answering(stream, { cuts: 1 << 20 }))).rejects.toMatchObject({
        code: "upstream_malformed",
      });
    });
  });
});
