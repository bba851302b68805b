import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

interface AnthropicContext {
  readonly body: Readonly<Record<string, unknown>>;
  readonly response: ServerResponse;
}

interface SearchResult {
  readonly type: string;
  readonly source: string;
  readonly title: string;
  readonly content: readonly { readonly text: string }[];
}

/** What the native model says, in two text blocks; the first cites every search result that it was sent. */
export const NATIVE_TEXTS = ["Canada has the longest coastline", ". 🍁 That is all."] as const;
const NATIVE_USAGE = { input_tokens: 50, output_tokens: 12, cache_read_input_tokens: 8 } as const;

/** Ways in which an upstream of Anthropic's API behaves; the key is the `model` to ask for. */
export const ANTHROPIC_SCRIPTS = {
  "anthropic-native": async ({ body, response }: AnthropicContext) => {
    const citations = citationsOf(body["messages"]);
    if (body["stream"] !== true) {
      const [cited, rest] = NATIVE_TEXTS;
      const content = [
        { type: "text", text: cited, citations },
        { type: "text", text: rest },
      ];
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...HEAD, content, stop_reason: "end_turn", usage: NATIVE_USAGE }));
      return;
    }
    await stream(response, [...begun(), ...cited(citations), ...ending()]);
  },
  /** Says half of its answer, and is gone. */
  "anthropic-cut": async ({ response }: AnthropicContext) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(sse([...begun(), ...cited([]).slice(0, 2)]));
    await sleep(50);
    response.destroy();
  },
} as const;

const HEAD = { id: "msg_upstream", type: "message", role: "assistant", model: "claude-upstream" };

function begun(): object[] {
  return [
    {
      type: "message_start",
      message: { ...HEAD, content: [], stop_reason: null, usage: { input_tokens: 50, output_tokens: 1 } },
    },
    { type: "ping" },
  ];
}

function cited(citations: readonly object[]): object[] {
  const delta = (index: number, fields: object) => ({ type: "content_block_delta", index, delta: fields });
  const block = (index: number) => ({ type: "content_block_start", index, content_block: { type: "text", text: "" } });
  return [
    block(0),
    ...[...NATIVE_TEXTS[0].matchAll(/.{1,9}/gsu)].map(([text]) => delta(0, { type: "text_delta", text })),
    ...citations.map((citation) => delta(0, { type: "citations_delta", citation })),
    { type: "content_block_stop", index: 0 },
    block(1),
    delta(1, { type: "text_delta", text: NATIVE_TEXTS[1] }),
    { type: "content_block_stop", index: 1 },
  ];
}

function ending(): object[] {
  return [
    { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: NATIVE_USAGE },
    { type: "message_stop" },
  ];
}

/** Of every search result in the request, as the API counts them. */
function citationsOf(value: unknown): object[] {
  return searchResultsIn(value).map(({ source, title, content }, index) => ({
    type: "search_result_location",
    cited_text: content.map(({ text }) => text).join(""),
    source,
    title,
    search_result_index: index,
    start_block_index: 0,
    end_block_index: content.length,
  }));
}

function searchResultsIn(value: unknown): SearchResult[] {
  if (Array.isArray(value)) {
    return value.flatMap(searchResultsIn);
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  // What has that type was made by the code under test, which is to be seen in what it does with the rest.
  return "type" in value && value.type === "search_result"
    ? [value as SearchResult]
    : "content" in value
      ? searchResultsIn(value.content)
      : [];
}

async function stream(response: ServerResponse, events: readonly object[]): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const bytes = Buffer.from(sse(events));
  // Cut inside characters, lines and JSON.
  for (let start = 0; start < bytes.length; start += 37) {
    response.write(bytes.subarray(start, start + 37));
    await sleep(0);
  }
  response.end();
}

function sse(events: readonly object[]): string {
  return events
    .map((event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}
