import { describe, it } from "vitest";
import type { ChatMessage, GenerationEvent } from "../../../../src/generation/target-lm.ts";
import { generate } from "../../../support/collect-generation.ts";
import { retrievedPassages } from "../../../support/retrieved-passages.ts";
import { jsonReply, scriptedFetch } from "../../../support/scripted-fetch.ts";
import { targetLm } from "../../../support/target-lm-table.ts";

const ENTRY = { provider: "anthropic", model: "claude-sonnet-5", secret: "KEY", passage_format: "native" };

const searchResult = (title: string, texts: readonly string[], more: object = {}) => ({
  type: "search_result",
  source: `https://example.test/${title}`,
  title,
  content: texts.map((text) => ({ type: "text", text })),
  ...more,
});

/** The client's: two blocks in what a tool found earlier, one beside the question. Numbers 1, 2 and 3; ours are 4 and 5. */
const messages: ChatMessage[] = [
  { role: "user", content: "Search." },
  { role: "assistant", content: null, tool_calls: [{ id: "t", function: { name: "search", arguments: "{}" } }] },
  { role: "tool", tool_call_id: "t", content: [searchResult("tool", ["first", "second"])] },
  { role: "assistant", content: "Found." },
  {
    role: "user",
    content: [searchResult("mine", ["third"], { citations: { enabled: false } }), { type: "text", text: "So?" }],
  },
];
const passages = retrievedPassages([{}, {}, {}, { title: "four" }, { title: "five" }]);

interface Asked {
  readonly body: Readonly<Record<string, unknown>>;
  readonly events: readonly GenerationEvent[];
}

async function ask(
  citations: readonly object[],
  request: object = { messages, passages, sourceCount: 3 },
): Promise<Asked> {
  const content = [
    {
      type: "text",
      text: "So.",
      citations: citations.map((citation) => ({ type: "search_result_location", ...citation })),
    },
  ];
  const { fetch, requests } = scriptedFetch(jsonReply({ content, stop_reason: "stop_sequence", stop_sequence: "END" }));
  const events = await generate(targetLm(ENTRY, { fetch }), { stream: false, ...request });
  return { body: requests[0]?.body ?? {}, events };
}

const numbersOf = ({ events }: Asked): readonly number[] =>
  events.flatMap((event) => (event.type === "native-citation" ? [event.passageNumber] : []));

describe("search results of the client beside retrieved passages", () => {
  it("stay where they are, cited like ours, which come before the question", async ({ expect }) => {
    const { body } = await ask([]);
    const enabled = { citations: { enabled: true } };
    expect(body["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant" },
      {
        role: "user",
        content: [{ type: "tool_result", content: [searchResult("tool", ["first", "second"], enabled)] }],
      },
      { role: "assistant" },
      {
        role: "user",
        content: [{ title: "four" }, { title: "five" }, searchResult("mine", ["third"], enabled), { text: "So?" }],
      },
    ]);
  });

  it("are cited by the numbers of their blocks, although the provider counts in its own order", async ({ expect }) => {
    const cited = (search_result_index: number, start_block_index = 0, end_block_index = start_block_index + 1) => ({
      search_result_index,
      start_block_index,
      end_block_index,
    });
    expect(numbersOf(await ask([cited(0), cited(0, 1)]))).toEqual([1, 2]);
    expect(numbersOf(await ask([cited(0, 0, 2)]))).toEqual([1, 2]);
    expect(numbersOf(await ask([cited(1), cited(2), cited(3)]))).toEqual([4, 5, 3]);
    expect(numbersOf(await ask([cited(4)]))).toEqual([]);
  });

  it("go on as they came when nothing is retrieved", async ({ expect }) => {
    const { body } = await ask([], { messages, passages: passages.slice(0, 3), sourceCount: 3 });
    expect(JSON.stringify(body["messages"])).toContain('"citations":{"enabled":false}');
    expect(JSON.stringify(body["messages"])).not.toContain('"enabled":true');
  });
});

describe("blocks of the provider's own", () => {
  it("travel on as they came, and the stop sequence comes back", async ({ expect }) => {
    const cached = { type: "text", text: "Long.", cache_control: { type: "ephemeral" } };
    const thinking = { type: "thinking", thinking: "Hm.", signature: "abc" };
    const document = { type: "document", source: { type: "text", media_type: "text/plain", data: "Text." } };
    const { body, events } = await ask([], {
      messages: [
        { role: "system", content: [cached, { type: "text", text: "Brief." }] },
        { role: "user", content: [document, cached] },
        { role: "assistant", content: [thinking, { type: "text", text: "Yes." }] },
        { role: "tool", tool_call_id: "t", content: "failed", is_error: true },
      ],
    });
    expect(body["system"]).toEqual([cached, { type: "text", text: "Brief." }]);
    expect(body["messages"]).toEqual([
      { role: "user", content: [document, cached] },
      { role: "assistant", content: [thinking, { type: "text", text: "Yes." }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "failed" }], is_error: true },
        ],
      },
    ]);
    expect(events).toContainEqual({ type: "choice-end", choice: 0, finishReason: "stop", stopSequence: "END" });
  });
});
