import { describe, it } from "vitest";
import { chatCompletion } from "../../../src/http/chat-completion.ts";
import { mergeDelta } from "../../../src/http/merge-delta.ts";
import type { AnswerEvent } from "../../../src/rag/answer-event.ts";
import type { JsonObject } from "../../../src/shared/json.ts";

const IDENTITY = { id: "chatcmpl-1", created: 1, model: "m" };
const END: AnswerEvent = { type: "end", model: "m", target: "m" };
const extra = (delta: JsonObject): AnswerEvent => ({ type: "extra-delta", choice: 0, delta });

async function* yieldAll(events: readonly AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  await Promise.resolve();
  yield* events;
}

async function choiceOf(events: readonly AnswerEvent[]): Promise<unknown> {
  const { choices } = (await chatCompletion(yieldAll([...events, END]), IDENTITY)) as { choices: unknown[] };
  return choices[0];
}

describe("chatCompletion", () => {
  it("puts tool calls together from their deltas, in their places", async ({ expect }) => {
    const calls = (...entries: JsonObject[]): AnswerEvent => extra({ tool_calls: entries });
    const choice = await choiceOf([
      calls({ index: 0, id: "a", type: "function", function: { name: "f", arguments: "" } }),
      calls({ index: 1, id: "b", type: "function", function: { name: "g", arguments: '{"y"' } }),
      calls({ index: 0, function: { arguments: '{"x":1}' } }, { index: 1, function: { arguments: ":2}" } }),
      { type: "choice-end", choice: 0, finishReason: "tool_calls" },
    ]);
    expect(choice).toMatchObject({
      message: {
        content: null,
        tool_calls: [
          { id: "a", type: "function", function: { name: "f", arguments: '{"x":1}' } },
          { id: "b", type: "function", function: { name: "g", arguments: '{"y":2}' } },
        ],
      },
      finish_reason: "tool_calls",
    });
  });

  it("joins logprobs, reasoning and refusals of a stream", async ({ expect }) => {
    const said = (text: string): AnswerEvent => ({
      type: "text-delta",
      choice: 0,
      text,
      logprobs: { content: [{ token: text }] },
    });
    const choice = await choiceOf([
      extra({ reasoning_content: "hm" }),
      said("a"),
      said("b"),
      extra({ reasoning_content: "m" }),
    ]);
    expect(choice).toMatchObject({
      message: { content: "ab", reasoning_content: "hmm", refusal: null },
      logprobs: { content: [{ token: "a" }, { token: "b" }] },
      finish_reason: null,
    });
  });

  it("keeps the provider's annotations before ours", async ({ expect }) => {
    const citation = { passageNumber: 1, passageId: "p", title: "T", url: "u", startIndex: 1, endIndex: 4 };
    const choice = await choiceOf([
      extra({ annotations: [{ type: "theirs" }] }),
      { type: "citation", choice: 0, citation },
    ]);
    expect(choice).toMatchObject({
      message: {
        annotations: [
          { type: "theirs" },
          { type: "url_citation", url_citation: { start_index: 1, end_index: 4, title: "T", url: "u" } },
        ],
      },
    });
  });

  it("orders choices by index and throws when the answer does not end", async ({ expect }) => {
    const events: AnswerEvent[] = [1, 0].map((choice) => ({ type: "text-delta", choice, text: String(choice) }));
    const { choices } = (await chatCompletion(yieldAll([...events, END]), IDENTITY)) as {
      choices: { index: number }[];
    };
    expect(choices.map(({ index }) => index)).toEqual([0, 1]);
    await expect(chatCompletion(yieldAll(events), IDENTITY)).rejects.toMatchObject({ code: "internal" });
  });
});

describe("mergeDelta", () => {
  it.for<[string, JsonObject, JsonObject, JsonObject]>([
    ["text grows", { a: "x" }, { a: "y" }, { a: "xy" }],
    ["names are repeated, not continued", { id: "x", type: "t" }, { id: "x", type: "t" }, { id: "x", type: "t" }],
    ["null does not erase", { a: "x" }, { a: null }, { a: "x" }],
    ["numbers are replaced", { a: 1 }, { a: 2 }, { a: 2 }],
    ["lists without indices grow", { a: [1] }, { a: [2] }, { a: [1, 2] }],
    ["an index that skips takes the next place", { a: [] }, { a: [{ index: 5, b: "x" }] }, { a: [{ b: "x" }] }],
    ["objects merge deeply", { a: { b: "x" } }, { a: { b: "y", c: 1 } }, { a: { b: "xy", c: 1 } }],
  ])("%s", ([, before, delta, merged], { expect }) => {
    expect(mergeDelta(before, delta)).toEqual(merged);
  });
});
