/** What providers send, written after their documentation; texts hold signs of one to four bytes. */

export function openAiChunk(choice: Readonly<Record<string, unknown>>, rest: Readonly<Record<string, unknown>> = {}) {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "gpt-5-2026-01-01",
    choices: [{ index: 0, delta: {}, finish_reason: null, ...choice }],
    ...rest,
  };
}

export const OPENAI_TEXT = "Canada’s coast 🍁 is 202,080 km long [1].";

/** A chat completion as a stream: role, text in pieces, the end of the choice, usage without choices, `[DONE]`. */
export const OPENAI_STREAM = [
  openAiChunk({ delta: { role: "assistant", content: "", refusal: null } }),
  ...["Canada’s", " coast 🍁 is ", "202,080 km long [", "1", "]."].map((content) =>
    openAiChunk({ delta: { content } }),
  ),
  openAiChunk({ finish_reason: "stop" }),
  { ...openAiChunk({}), choices: [], usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 } },
  "[DONE]",
];

/** The same in one piece. */
export const OPENAI_COMPLETION = {
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "gpt-5-2026-01-01",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: OPENAI_TEXT, refusal: null },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 },
};

const searchResultCitation = (index: number, citedText: string) => ({
  type: "search_result_location",
  cited_text: citedText,
  search_result_index: index,
  start_block_index: 0,
  end_block_index: 1,
  source: "https://example.org/p1",
  title: "Canada",
});

const anthropicDelta = (index: number, delta: Readonly<Record<string, unknown>>) => ({
  type: "content_block_delta",
  index,
  delta,
});

const anthropicEnd = (stopReason: string) => [
  { type: "message_delta", delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 15 } },
  { type: "message_stop" },
];

const ANTHROPIC_START = {
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-5",
    content: [],
    stop_reason: null,
    usage: { input_tokens: 20, cache_read_input_tokens: 5, cache_creation_input_tokens: 0, output_tokens: 1 },
  },
};

/** Text in blocks, the second one cited natively by two search results (one of them twice). */
export const ANTHROPIC_STREAM = [
  ANTHROPIC_START,
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "ping" },
  anthropicDelta(0, { type: "text_delta", text: "Well 🍁, " }),
  { type: "content_block_stop", index: 0 },
  { type: "content_block_start", index: 1, content_block: { type: "text", text: "", citations: [] } },
  anthropicDelta(1, { type: "citations_delta", citation: searchResultCitation(0, "202,080 km") }),
  anthropicDelta(1, { type: "text_delta", text: "it is 202,080 km" }),
  anthropicDelta(1, { type: "citations_delta", citation: searchResultCitation(1, "25,148 km") }),
  anthropicDelta(1, { type: "citations_delta", citation: searchResultCitation(0, "coast") }),
  { type: "content_block_stop", index: 1 },
  { type: "content_block_start", index: 2, content_block: { type: "text", text: "" } },
  anthropicDelta(2, { type: "text_delta", text: "." }),
  { type: "content_block_stop", index: 2 },
  ...anthropicEnd("end_turn"),
];

export const ANTHROPIC_TOOL_STREAM = [
  ANTHROPIC_START,
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
  anthropicDelta(0, { type: "thinking_delta", thinking: "Convert." }),
  anthropicDelta(0, { type: "signature_delta", signature: "abc" }),
  { type: "content_block_stop", index: 0 },
  {
    type: "content_block_start",
    index: 1,
    content_block: { type: "tool_use", id: "toolu_1", name: "convert", input: {} },
  },
  anthropicDelta(1, { type: "input_json_delta", partial_json: "" }),
  anthropicDelta(1, { type: "input_json_delta", partial_json: '{"km":' }),
  anthropicDelta(1, { type: "input_json_delta", partial_json: "202080}" }),
  { type: "content_block_stop", index: 1 },
  { type: "content_block_start", index: 2, content_block: { type: "tool_use", id: "toolu_2", name: "now", input: {} } },
  { type: "content_block_stop", index: 2 },
  ...anthropicEnd("tool_use"),
];

export const ANTHROPIC_MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5",
  content: [
    { type: "text", text: "It is " },
    { type: "text", text: "202,080 km", citations: [searchResultCitation(0, "202,080 km")] },
    { type: "tool_use", id: "toolu_1", name: "convert", input: { km: 202_080 } },
  ],
  stop_reason: "max_tokens",
  usage: { input_tokens: 20, output_tokens: 15 },
};

/** Workers AI's own form. */
export const WORKERS_AI_STREAM = [
  { response: "Canada’s", p: "abdefg" },
  { response: " coast 🍁", p: "ab" },
  { response: "", usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 } },
  "[DONE]",
];
