import { isJsonObject, type JsonObject, type JsonValue } from "../../shared/json.ts";

/** Before anybody has counted, and where nobody does. */
export const NO_MESSAGE_USAGE: JsonObject = {
  input_tokens: 0,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};

/** OpenAI's usage in Anthropic's terms, whose input leaves out what went through the cache. */
export function messageUsage(usage: JsonObject): JsonObject {
  const details = usage["prompt_tokens_details"];
  const { cached_tokens: cached, cache_creation_tokens: created } = isJsonObject(details) ? details : {};
  const read = count(cached);
  const written = count(created);
  return {
    input_tokens: Math.max(0, count(usage["prompt_tokens"]) - read - written),
    output_tokens: count(usage["completion_tokens"]),
    cache_read_input_tokens: read,
    cache_creation_input_tokens: written,
  };
}

function count(value: JsonValue | undefined): number {
  return typeof value === "number" ? value : 0;
}
