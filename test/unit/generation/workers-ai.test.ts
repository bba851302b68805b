import { afterEach, describe, test, vi } from "vitest";
import type { TargetLmDependencies } from "../../../src/generation/target-lm.ts";
import { generate, textOf } from "../../support/collect-generation.ts";
import { OPENAI_COMPLETION, OPENAI_STREAM, OPENAI_TEXT, WORKERS_AI_STREAM } from "../../support/provider-streams.ts";
import { serverSentEvents, streamReply } from "../../support/scripted-fetch.ts";
import { targetLm } from "../../support/target-lm-table.ts";

const ENTRY = { provider: "workers-ai", model: "@cf/meta/llama", timeout_ms: 10_000, idle_timeout_ms: 1_000 };
type Ai = NonNullable<TargetLmDependencies["ai"]>;

/** A binding that answers in turn, and what it was asked. */
function binding(...answers: readonly unknown[]) {
  let calls = 0;
  const run = vi.fn<Ai["run"]>(() => {
    const answer = answers[Math.min(calls, answers.length - 1)];
    calls += 1;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
  return { run, target: targetLm(ENTRY, { ai: { run } }) };
}

const streamOf = (events: readonly unknown[], options: Parameters<typeof streamReply>[1] = {}) =>
  streamReply(serverSentEvents(events), options)().body;

describe("workers-ai", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test("asks the binding for the configured model", async ({ expect }) => {
    const { run, target } = binding(streamOf(WORKERS_AI_STREAM));
    await generate(target, { parameters: { temperature: 0.1, max_completion_tokens: 9 } });
    expect(run).toHaveBeenCalledWith(
      "@cf/meta/llama",
      {
        messages: [{ role: "user", content: "How long is Canada's coast?" }],
        stream: true,
        temperature: 0.1,
        max_tokens: 9,
      },
      { signal: expect.any(AbortSignal) as AbortSignal },
    );
  });

  test.for([true, false])("asks for stream_options with a stream only: %s", async (stream, { expect }) => {
    const { run, target } = binding(stream ? streamOf(WORKERS_AI_STREAM) : { response: "Canada" });
    await generate(target, { stream, parameters: { stream_options: { include_usage: true } } });
    expect("stream_options" in (run.mock.calls[0]?.[1] ?? {})).toBe(stream);
  });

  test("reads a stream of its own form, however it is cut", async ({ expect }) => {
    for (const cuts of [1, 3, 1_000]) {
      const events = await generate(binding(streamOf(WORKERS_AI_STREAM, { cuts })).target);
      expect(textOf(events)).toBe("Canada’s coast 🍁");
      expect(events.slice(-3)).toEqual([
        { type: "usage", usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 } },
        { type: "choice-end", choice: 0, finishReason: "stop" },
        { type: "end", model: "@cf/meta/llama" },
      ]);
    }
  });

  test("reads a stream of OpenAI's form", async ({ expect }) => {
    const events = await generate(binding(streamOf(OPENAI_STREAM)).target);
    expect(textOf(events)).toBe(OPENAI_TEXT);
    expect(events.at(-1)).toEqual({ type: "end", model: "gpt-5-2026-01-01" });
  });

  test.for<[name: string, reply: unknown, text: string]>([
    ["its own form", { response: "Canada", usage: { total_tokens: 3 } }, "Canada"],
    ["OpenAI's form", OPENAI_COMPLETION, OPENAI_TEXT],
    ["an object, as with response_format", { response: { country: "Canada" } }, '{"country":"Canada"}'],
    ["a number that streamed as one", { response: 42 }, "42"],
  ])("reads one piece in %s", async ([, reply, text], { expect }) => {
    const events = await generate(binding(reply).target, { stream: false });
    expect(textOf(events)).toBe(text);
    expect(events.at(-1)).toMatchObject({ type: "end" });
  });

  test("reads tool calls of its own form", async ({ expect }) => {
    const events = await generate(binding({ response: null, tool_calls: [{ name: "f", arguments: { a: 1 } }] }).target);
    expect(events.slice(0, 2)).toEqual([
      {
        type: "extra-delta",
        choice: 0,
        delta: {
          tool_calls: [{ index: 0, id: "call_0", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
        },
      },
      { type: "choice-end", choice: 0, finishReason: "tool_calls" },
    ]);
  });

  test("a stream without [DONE] is cut", async ({ expect }) => {
    const { target } = binding(streamOf(WORKERS_AI_STREAM.slice(0, -1)));
    await expect(generate(target)).rejects.toMatchObject({ code: "upstream_cut" });
  });

  test("a stream that falls silent times out", async ({ expect }) => {
    vi.useFakeTimers();
    const { target } = binding(streamOf(WORKERS_AI_STREAM.slice(0, 2), { ending: "hang" }));
    const failed = generate(target).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await failed).toMatchObject({ code: "upstream_timeout" });
  });

  test("a binding that never answers times out, whether or not it heeds the signal", async ({ expect }) => {
    vi.useFakeTimers();
    const target = targetLm(ENTRY, { ai: { run: () => new Promise(() => undefined) } });
    const failed = generate(target, { stream: false }).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await failed).toMatchObject({ code: "upstream_timeout", details: { timeoutMs: 10_000 } });
  });

  test.for<[message: string, code: string, calls: number]>([
    ["3040: Capacity temporarily exceeded, please try again.", "upstream_rate_limited", 3],
    ["InferenceUpstreamError: 5007: No such model @cf/x or task", "upstream_rejected", 1],
    ["Network connection lost.", "upstream_unavailable", 3],
  ])("%s", async ([message, code, calls], { expect }) => {
    vi.useFakeTimers();
    const { run, target } = binding(new Error(message));
    const failed = generate(target).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await failed).toMatchObject({ code });
    expect(run).toHaveBeenCalledTimes(calls);
  });

  test("without the binding says how to add it", async ({ expect }) => {
    await expect(generate(targetLm(ENTRY, {}))).rejects.toMatchObject({
      code: "configuration_invalid",
      message: expect.stringContaining("wrangler.toml") as string,
    });
  });
});
