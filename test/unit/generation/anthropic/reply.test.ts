import { describe, test } from "vitest";
import type { GenerationEvent } from "../../../../src/generation/target-lm.ts";
import { generate, textOf } from "../../../support/collect-generation.ts";
import { ANTHROPIC_MESSAGE, ANTHROPIC_STREAM, ANTHROPIC_TOOL_STREAM } from "../../../support/provider-streams.ts";
import { retrievedPassages } from "../../../support/retrieved-passages.ts";
import { jsonReply, scriptedFetch, serverSentEvents, streamReply } from "../../../support/scripted-fetch.ts";
import { targetLm } from "../../../support/target-lm-table.ts";

const ENTRY = { provider: "anthropic", model: "claude-sonnet-5", secret: "KEY" };
const STREAM = serverSentEvents(ANTHROPIC_STREAM, { named: true });

const NATIVE = { ...ENTRY, passage_format: "native" };
/** Those that the replies cite. */
const passages = retrievedPassages([{ title: "Canada" }, { title: "Norway" }]);

const answering = (text: string, options: Parameters<typeof streamReply>[1] = {}): Promise<GenerationEvent[]> =>
  generate(targetLm(NATIVE, { fetch: scriptedFetch(streamReply(text, options)).fetch }), { passages });

describe("anthropic, the reply", () => {
  const expected = [
    { type: "text-delta", choice: 0, text: "Well 🍁, " },
    { type: "text-delta", choice: 0, text: "it is 202,080 km" },
    { type: "native-citation", choice: 0, passageNumber: 1, citedText: "coast" },
    { type: "native-citation", choice: 0, passageNumber: 2, citedText: "25,148 km" },
    { type: "text-delta", choice: 0, text: "." },
    { type: "choice-end", choice: 0, finishReason: "stop" },
    {
      type: "usage",
      usage: {
        prompt_tokens: 25,
        completion_tokens: 15,
        total_tokens: 40,
        prompt_tokens_details: { cached_tokens: 5 },
      },
    },
    { type: "end", model: "claude-sonnet-5" },
  ];

  test("as a stream, with citations after the text that they belong to", async ({ expect }) => {
    expect(await answering(STREAM)).toEqual(expected);
  });

  test("means the same wherever the network cuts it", async ({ expect }) => {
    const { length } = new TextEncoder().encode(STREAM);
    expect(await answering(STREAM, { cuts: 1 })).toEqual(expected);
    for (let position = 1; position < length; position += 5) {
      expect(await answering(STREAM, { cuts: [position] })).toEqual(expected);
    }
  });

  test.for(Array.from(ANTHROPIC_STREAM.keys()))("cut after %d events is never complete", async (count, { expect }) => {
    const stream = serverSentEvents(ANTHROPIC_STREAM.slice(0, count), { named: true });
    await expect(answering(stream)).rejects.toMatchObject({ code: "upstream_cut" });
  });

  test("with thinking and tool calls, in OpenAI's form", async ({ expect }) => {
    const events = await answering(serverSentEvents(ANTHROPIC_TOOL_STREAM, { named: true }));
    const deltas = events.flatMap((event) => (event.type === "extra-delta" ? [event.delta] : []));
    const call = (delta: Readonly<Record<string, unknown>>) => ({ tool_calls: [delta] });
    expect(deltas).toEqual([
      { reasoning_content: "Convert." },
      { reasoning_signature: "abc" },
      call({ index: 0, id: "toolu_1", type: "function", function: { name: "convert", arguments: "" } }),
      call({ index: 0, function: { arguments: '{"km":' } }),
      call({ index: 0, function: { arguments: "202080}" } }),
      call({ index: 1, id: "toolu_2", type: "function", function: { name: "now", arguments: "" } }),
    ]);
    expect(events).toContainEqual({ type: "choice-end", choice: 0, finishReason: "tool_calls" });
  });

  test("in one piece", async ({ expect }) => {
    const { fetch, requests } = scriptedFetch(jsonReply(ANTHROPIC_MESSAGE));
    const events = await generate(targetLm(NATIVE, { fetch }), { stream: false, passages });
    expect(requests[0]?.body).toMatchObject({ stream: false });
    expect(textOf(events)).toBe("It is 202,080 km");
    expect(events.slice(2, 5)).toEqual([
      { type: "native-citation", choice: 0, passageNumber: 1, citedText: "202,080 km" },
      {
        type: "extra-delta",
        choice: 0,
        delta: {
          tool_calls: [{ index: 0, id: "toolu_1", type: "function", function: { name: "convert", arguments: "" } }],
        },
      },
      {
        type: "extra-delta",
        choice: 0,
        delta: { tool_calls: [{ index: 0, function: { arguments: '{"km":202080}' } }] },
      },
    ]);
    expect(events).toContainEqual({ type: "choice-end", choice: 0, finishReason: "length" });
  });

  test.for<[error: unknown, code: string]>([
    [{ type: "overloaded_error", message: "Overloaded" }, "upstream_unavailable"],
    [{ type: "rate_limit_error", message: "slow" }, "upstream_rate_limited"],
    [{ type: "invalid_request_error", message: "bad" }, "upstream_rejected"],
  ])("with an error event: %j", async ([error, code], { expect }) => {
    const stream = serverSentEvents([...ANTHROPIC_STREAM.slice(0, 4), { type: "error", error }], { named: true });
    await expect(answering(stream)).rejects.toMatchObject({ code });
  });

  test("with kinds of events that are yet to come", async ({ expect }) => {
    const [start, ...rest] = ANTHROPIC_STREAM;
    const unknown = [
      { type: "content_block_start", index: 9, content_block: { type: "hologram" } },
      { type: "vibe_delta", index: 1 },
    ];
    expect(await answering(serverSentEvents([start, ...unknown, ...rest]))).toEqual(expected);
  });

  test("that is no message is malformed", async ({ expect }) => {
    await expect(answering(serverSentEvents([{ type: 7 }]))).rejects.toMatchObject({ code: "upstream_malformed" });
  });
});
