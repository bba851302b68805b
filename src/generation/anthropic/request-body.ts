import { AppError } from "../../shared/errors.ts";
import type { JsonObject, JsonValue } from "../../shared/json.ts";
import { textOfContent } from "../message-text.ts";
import type { GenerateRequest } from "../target-lm.ts";
import { toAnthropicMessages } from "./messages.ts";
import { toAnthropicToolChoice, toAnthropicTools } from "./tools.ts";

export interface AnthropicBodyOptions {
  /** The model's name among clients. */
  readonly name: string;
  readonly model: string;
  /** Passages as search results, which the messages do not have yet. */
  readonly searchResults: readonly JsonObject[];
  /** `max_tokens` when the client does not say. */
  readonly maxTokens: number;
}

/** Parameters that Messages knows under the same name: those of its own that a client may send through us. */
const OWN_PARAMETERS = ["top_p", "top_k", "thinking", "metadata", "service_tier", "output_config", "container"];
/** Parameters whose loss would change what comes back. Others (seed, penalties, ...) are hints, and left out. */
const UNSUPPORTED: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  n: (value) => value !== 1,
  logprobs: (value) => value === true,
  functions: () => true,
  audio: () => true,
  response_format: (value) =>
    !(typeof value === "object" && value !== null && "type" in value && value["type"] === "text"),
};

/** A chat as a request to the Messages API. Throws `invalid_request` for what that has no form for. */
export function anthropicBody(request: GenerateRequest, options: AnthropicBodyOptions): JsonObject {
  const { messages, parameters, stream } = request;
  for (const [param, isUnsupported] of Object.entries(UNSUPPORTED)) {
    const value = parameters[param];
    if (value !== undefined && value !== null && isUnsupported(value)) {
      const message = `${param} cannot be used with model "${options.name}": Anthropic's Messages API has no such thing`;
      throw new AppError("invalid_request", message, { details: { param } });
    }
  }
  const system = systemOf(messages);
  const { temperature, stop, user } = parameters;
  const tools = toAnthropicTools(parameters["tools"]);
  const toolChoice = toAnthropicToolChoice(parameters["tool_choice"], parameters["parallel_tool_calls"]);
  return {
    ...Object.fromEntries(Object.entries(parameters).filter(([key]) => OWN_PARAMETERS.includes(key))),
    model: options.model,
    max_tokens: parameters["max_completion_tokens"] ?? parameters["max_tokens"] ?? options.maxTokens,
    messages: toAnthropicMessages(messages, options.searchResults),
    stream,
    ...(system === undefined ? {} : { system }),
    // OpenAI's temperature goes to 2, Anthropic's to 1.
    ...(typeof temperature === "number" ? { temperature: Math.min(1, temperature) } : {}),
    ...(stop === undefined || stop === null ? {} : { stop_sequences: typeof stop === "string" ? [stop] : stop }),
    ...(typeof user === "string" && parameters["metadata"] === undefined ? { metadata: { user_id: user } } : {}),
    ...(tools === undefined ? {} : { tools }),
    ...(tools === undefined || toolChoice === undefined ? {} : { tool_choice: toolChoice }),
  };
}

/** Instructions as one text; as blocks where one of them is to be kept in the provider's cache. */
function systemOf(messages: GenerateRequest["messages"]): JsonValue | undefined {
  const instructions = messages.filter(({ role }) => role === "system" || role === "developer");
  const blocks = instructions.flatMap(({ content }): readonly JsonObject[] =>
    Array.isArray(content) ? content : [{ type: "text", text: textOfContent(content) }],
  );
  if (blocks.some((block) => "cache_control" in block)) {
    return blocks.filter(({ type, text }) => type === "text" && text !== "");
  }
  const texts = instructions.map(({ content }) => textOfContent(content)).filter((text) => text !== "");
  return texts.length === 0 ? undefined : texts.join("\n\n");
}
