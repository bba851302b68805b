import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { ANTHROPIC_SCRIPTS } from "./anthropic-scripts.ts";

interface ScriptContext {
  readonly body: Readonly<Record<string, unknown>>;
  readonly response: ServerResponse;
  /** Counts the requests to this script, from 1. */
  readonly attempt: number;
}

type Script = (context: ScriptContext) => Promise<void> | void;

/** What an honest answer says; the mark is split over deltas. */
export const UPSTREAM_DELTAS = [
  "Canada has",
  " the longest coastline ",
  "[",
  "1",
  "]",
  ". 🍁 Norway",
  " follows [9].",
] as const;
export const UPSTREAM_TEXT: string = UPSTREAM_DELTAS.join("");
export const UPSTREAM_USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } as const;
export const UPSTREAM_LOGPROBS = {
  content: [{ token: "Canada has", logprob: -0.25, bytes: null, top_logprobs: [] }],
  refusal: null,
} as const;
export const UPSTREAM_TOOL_CALL = {
  id: "call_1",
  type: "function",
  function: { name: "convert", arguments: '{"kilometres":202080}' },
} as const;

/** Every way in which an upstream behaves; the key is the `model` to ask for. */
export const UPSTREAM_SCRIPTS = {
  normal: (context) => honest(context, frames(context)),
  /** The same bytes, cut inside characters, lines and JSON. */
  "split-bytes": (context) => honest(context, frames(context), { pieceBytes: 7 }),
  "two-choices": (context) =>
    honest(context, [
      ...UPSTREAM_DELTAS.flatMap((content) => [0, 1].map((index) => chunk({ content }, { index }))),
      chunk({}, { index: 1, finish_reason: "stop" }),
      chunk({}, { finish_reason: "length" }),
    ]),
  "tool-call": (context) =>
    honest(context, toolCallFrames(), {
      message: { content: null, tool_calls: [UPSTREAM_TOOL_CALL] },
      finishReason: "tool_calls",
    }),
  logprobs: (context) =>
    honest(
      context,
      [chunk({ content: UPSTREAM_TEXT }, { logprobs: UPSTREAM_LOGPROBS }), chunk({}, { finish_reason: "stop" })],
      { logprobs: UPSTREAM_LOGPROBS },
    ),
  /** The connection breaks in the middle of the answer. */
  cut: async ({ response }) => {
    begin(response);
    response.write(sse([chunk({ role: "assistant", content: "" }), chunk({ content: UPSTREAM_DELTAS[0] })]));
    await sleep(50);
    response.destroy();
  },
  /** The stream ends in good order, but nobody said that it was the end. */
  "ends-early": ({ response }) => {
    begin(response);
    response.end(sse([chunk({ role: "assistant", content: "" }), chunk({ content: UPSTREAM_DELTAS[0] })]));
  },
  /** Begins, then says nothing any more. */
  stall: ({ response }) => {
    begin(response);
    response.write(sse([chunk({ role: "assistant", content: "" }), chunk({ content: UPSTREAM_DELTAS[0] })]));
  },
  /** Accepts the request and never answers. */
  mute: () => undefined,
  /** Streams words until the other side goes away. */
  endless: async ({ response }) => {
    begin(response);
    while (!response.destroyed) {
      response.write(sse([chunk({ content: "word " })]));
      await sleep(20);
    }
  },
  "slow-first-byte": async (context) => {
    await sleep(900);
    await honest(context, frames(context));
  },
  "rate-limited-once": (context) =>
    context.attempt === 1 ? refuse(context, 429, { "retry-after": "1" }) : honest(context, frames(context)),
  "rate-limited": (context) => refuse(context, 429, { "retry-after": "3600" }),
  "broken-once": (context) => (context.attempt === 1 ? refuse(context, 500) : honest(context, frames(context))),
  broken: (context) => refuse(context, 500),
  "bad-key": (context) => refuse(context, 401),
  "bad-parameter": (context) => refuse(context, 400),
  malformed: ({ response }) => {
    begin(response);
    response.end(`${sse([chunk({ content: UPSTREAM_DELTAS[0] })])}data: {"choices": [oops\n\ndata: [DONE]\n\n`);
  },
  "error-frame": ({ response }) => {
    begin(response);
    response.end(
      sse([
        chunk({ content: UPSTREAM_DELTAS[0] }),
        { error: { message: "the engine died", type: "server_error", code: 500 } },
      ]),
    );
  },
  ...ANTHROPIC_SCRIPTS,
} as const satisfies Record<string, Script>;

export type UpstreamScriptName = keyof typeof UPSTREAM_SCRIPTS;

interface HonestOptions {
  readonly pieceBytes?: number;
  readonly message?: object;
  readonly finishReason?: string;
  readonly logprobs?: object;
}

async function honest(
  { body, response }: ScriptContext,
  stream: readonly object[],
  options: HonestOptions = {},
): Promise<void> {
  const { pieceBytes, message = { content: UPSTREAM_TEXT }, finishReason = "stop", logprobs = null } = options;
  if (body["stream"] !== true) {
    const choice = {
      index: 0,
      message: { role: "assistant", refusal: null, ...message },
      logprobs,
      finish_reason: finishReason,
    };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...HEAD, object: "chat.completion", choices: [choice], usage: UPSTREAM_USAGE }));
    return;
  }
  begin(response);
  const bytes = Buffer.from(`${sse(stream)}data: [DONE]\n\n`);
  for (let start = 0; start < bytes.length; start += pieceBytes ?? bytes.length) {
    response.write(bytes.subarray(start, start + (pieceBytes ?? bytes.length)));
    await sleep(0);
  }
  response.end();
}

function frames({ body }: ScriptContext): object[] {
  const options = body["stream_options"];
  const includeUsage =
    typeof options === "object" && options !== null && "include_usage" in options && options.include_usage === true;
  return [
    chunk({ role: "assistant", content: "" }),
    ...UPSTREAM_DELTAS.map((content) => chunk({ content })),
    chunk({}, { finish_reason: "stop" }),
    ...(includeUsage ? [{ ...HEAD, object: "chat.completion.chunk", choices: [], usage: UPSTREAM_USAGE }] : []),
  ];
}

function toolCallFrames(): object[] {
  const { id, type, function: call } = UPSTREAM_TOOL_CALL;
  return [
    chunk({
      role: "assistant",
      content: null,
      tool_calls: [{ index: 0, id, type, function: { name: call.name, arguments: "" } }],
    }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: call.arguments.slice(0, 8) } }] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: call.arguments.slice(8) } }] }),
    chunk({}, { finish_reason: "tool_calls" }),
  ];
}

const HEAD = { id: "chatcmpl-upstream", created: 1_700_000_000, model: "upstream-model-2026" };

function chunk(delta: object, fields: { index?: number; finish_reason?: string; logprobs?: object } = {}): object {
  return { ...HEAD, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: null, ...fields }] };
}

function sse(events: readonly object[]): string {
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
}

function refuse({ response }: ScriptContext, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ error: { message: `scripted ${status}`, type: "scripted", param: null, code: null } }));
}
