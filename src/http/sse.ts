import type { JsonObject } from "../shared/json.ts";

const encoder = new TextEncoder();

/** One server-sent event without a name: openai-node takes named ones for chunks (its `fromSSEResponse`), so none are sent. */
export function dataFrame(data: JsonObject): Uint8Array {
  return encoder.encode(`data: ${JSON.stringify(data)}\n\n`);
}

/** How an OpenAI stream says that it is complete. */
export const DONE_FRAME: Uint8Array = encoder.encode("data: [DONE]\n\n");

/** A comment, ignored by every client; it keeps proxies from closing a quiet connection. */
export const KEEP_ALIVE_FRAME: Uint8Array = encoder.encode(": keep-alive\n\n");
