import { APIError, AuthenticationError, NotFoundError, RateLimitError } from "@anthropic-ai/sdk";
import type { RawMessageStreamEvent } from "@anthropic-ai/sdk/resources";
import { describe, it } from "vitest";
import { AppError } from "../../../../src/shared/errors.ts";
import { anthropicOverApp } from "../../../support/anthropic-over-app.ts";
import { ASK, CANADA, location, messagesWorld as world, SAID } from "../../../support/messages-world.ts";
import type { TestApp } from "../../../support/test-app.ts";

async function eventsOf(app: TestApp, more: object = {}): Promise<RawMessageStreamEvent[]> {
  return await Array.fromAsync(await anthropicOverApp(app).messages.create({ ...ASK, ...more, stream: true }));
}

const NORWAY = location(1, "Norway's coast is 25,148 km long.", "Norway", "https://example.org/p2");

const CITED_CONTENT = [
  { type: "text", text: "Canada's is the longest", citations: [CANADA] },
  { type: "text", text: ". Norway follows", citations: [NORWAY] },
  { type: "text", text: ", they say [9].", citations: null },
];

describe("a message in one piece", () => {
  it("has cited text as blocks without marks, and the passages beside", async ({ expect }) => {
    const message = await anthropicOverApp(world()).messages.create(ASK);
    expect(message).toMatchObject({
      type: "message",
      role: "assistant",
      model: "extractive",
      content: CITED_CONTENT,
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { input_tokens: 10, cache_read_input_tokens: 30, output_tokens: 9 },
      retrieval: {
        passages: [
          { number: 1, id: "p1" },
          { number: 2, id: "p2" },
        ],
      },
    });
    expect(message.id).toMatch(/^msg_/);
  });

  it("is what the client makes of the stream", async ({ expect }) => {
    const whole = await anthropicOverApp(world()).messages.create(ASK);
    const folded = await anthropicOverApp(world()).messages.stream(ASK).finalMessage();
    const { content, stop_reason: stopReason, usage } = whole;
    expect(folded).toMatchObject({ content, stop_reason: stopReason, usage });
    expect(Object.keys(whole).filter((key) => !(key in folded))).toEqual([]);
  });

  it("has tool calls with their input, thinking with its signature, and the stop sequence", async ({ expect }) => {
    const call = (delta: object) => ({ type: "extra-delta", choice: 0, delta: { tool_calls: [delta] } }) as never;
    const app = world([
      { type: "extra-delta", choice: 0, delta: { reasoning_content: "Hm" } },
      { type: "extra-delta", choice: 0, delta: { reasoning_content: "m." } },
      { type: "extra-delta", choice: 0, delta: { reasoning_signature: "abc" } },
      { type: "extra-delta", choice: 0, delta: { redacted_thinking: "xyz" } },
      "Canada [1]",
      call({ index: 0, id: "a", function: { name: "convert", arguments: "" } }),
      call({ index: 0, function: { arguments: '{"km":' } }),
      call({ index: 0, function: { arguments: "1}" } }),
      call({ index: 1, id: "b", function: { name: "now", arguments: "" } }),
      { type: "choice-end", choice: 0, finishReason: "tool_calls" },
    ]);
    const expected = {
      content: [
        { type: "thinking", thinking: "Hmm.", signature: "abc" },
        { type: "redacted_thinking", data: "xyz" },
        { type: "text", text: "Canada", citations: [CANADA] },
        { type: "tool_use", id: "a", name: "convert", input: { km: 1 } },
        { type: "tool_use", id: "b", name: "now", input: {} },
      ],
      stop_reason: "tool_use",
    };
    expect(await anthropicOverApp(app).messages.create(ASK)).toMatchObject(expected);
    expect(await anthropicOverApp(app).messages.stream(ASK).finalMessage()).toMatchObject(expected);
    const stopped = world(["x", { type: "choice-end", choice: 0, finishReason: "stop", stopSequence: "END" }]);
    expect(await anthropicOverApp(stopped).messages.create(ASK)).toMatchObject({
      stop_reason: "stop_sequence",
      stop_sequence: "END",
    });
  });
});

describe("a stream", () => {
  it("is Anthropic's events in Anthropic's order, named by their types", async ({ expect }) => {
    const events = await eventsOf(world());
    const block = (...deltas: string[]): string[] => ["content_block_start", ...deltas, "content_block_stop"];
    const delta = "content_block_delta";
    expect(events.map(({ type }) => type)).toEqual([
      "message_start",
      ...block(delta, delta, delta),
      ...block(delta, delta),
      ...block(delta),
      "message_delta",
      "message_stop",
    ]);
    const [start] = events;
    expect(start).toMatchObject({ message: { content: [], stop_reason: null, retrieval: { passages: [{}, {}] } } });
    const response = await world().fetch("/v1/messages", {
      method: "POST",
      body: JSON.stringify({ ...ASK, stream: true }),
    });
    const raw = await response.text();
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(raw).toMatch(
      /^event: message_start\ndata: \{"type":"message_start",.*\n\nevent: ping\ndata: \{"type":"ping"\}\n\n/,
    );
    expect(raw).toMatch(/event: message_stop\ndata: \{"type":"message_stop"\}\n\n$/);
  });

  it("that is cut ends in an error event, never in message_stop", async ({ expect }) => {
    const app = world(["Canada", new AppError("upstream_cut", "the target LM stopped", { isRetryable: true })]);
    const failure: unknown = await eventsOf(app).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(APIError);
    expect(failure).toMatchObject({
      type: "api_error",
      errorCode: "upstream_cut",
      apiMessage: "the target LM stopped",
    });
  });
});

describe("an error", () => {
  const PRODUCTION = { MODE: "production", API_KEYS: "alpha" };

  it("is of the class that Anthropic's client has for it, with the request's id", async ({ expect }) => {
    const app = world(SAID, { variables: PRODUCTION });
    const failureOf = async (more: object, key?: string): Promise<unknown> =>
      await anthropicOverApp(app, key)
        .messages.create({ ...ASK, ...more })
        .catch((error: unknown) => error);
    const wrong = await failureOf({}, "guess");
    expect(wrong).toBeInstanceOf(AuthenticationError);
    expect((wrong as AuthenticationError).requestID).toMatch(/^[\w-]{36}$/);
    expect(await failureOf({ retrieval: { collection: "plants" } })).toBeInstanceOf(NotFoundError);
    const limited = world([new AppError("upstream_rate_limited", "slow down")], { variables: PRODUCTION });
    await expect(anthropicOverApp(limited).messages.create(ASK)).rejects.toBeInstanceOf(RateLimitError);
  });

  it("names the version that is spoken, and the page that may not ask", async ({ expect }) => {
    const post = async (headers: Record<string, string>): Promise<Response> =>
      await world().fetch("/v1/messages", { method: "POST", headers, body: JSON.stringify(ASK) });
    const old = await post({ "anthropic-version": "2023-01-01" });
    expect([old.status, await old.json()]).toMatchObject([
      400,
      { type: "error", error: { type: "invalid_request_error", details: { param: "anthropic-version" } } },
    ]);
    const foreign = await post({ origin: "https://evil.example" });
    expect([foreign.status, await foreign.json()]).toMatchObject([
      403,
      { type: "error", error: { type: "permission_error" } },
    ]);
  });
});
