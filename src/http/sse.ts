import type { JsonObject } from "../shared/json.ts";

const encoder = new TextEncoder();

/**
 * One server-sent event without a name, as chat completions have them: openai-node takes named ones for chunks (its
 * `fromSSEResponse`).
 */
export function dataFrame(data: JsonObject): Uint8Array {
  return encoder.encode(`data: ${JSON.stringify(data)}\n\n`);
}

/** An event of a protocol whose events have types. */
export interface NamedEvent extends JsonObject {
  readonly type: string;
}

/** One server-sent event named by its `type`, as Anthropic's streams and OpenAI's Responses have them. */
export function namedFrame(event: NamedEvent): Uint8Array {
  return encoder.encode(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** How an OpenAI stream says that it is complete. */
export const DONE_FRAME: Uint8Array = encoder.encode("data: [DONE]\n\n");

/** A comment, ignored by every client; it keeps proxies from closing a quiet connection. */
export const KEEP_ALIVE_FRAME: Uint8Array = encoder.encode(": keep-alive\n\n");
