import { isJsonObject, type JsonObject, type JsonValue } from "../../shared/json.ts";
import { retrievalOf } from "../schemas/chat-completion.ts";
import type { MessagesRequest, MessagesTool } from "../schemas/messages.ts";
import type { AnswerCall } from "../start-answer.ts";
import { toChatMessages } from "./chat-messages.ts";
import { unsupported } from "./content-blocks.ts";

/** Parameters of Anthropic's that tell other providers nothing: hints, without which the answer is of the same kind. */
const HINTS: ReadonlySet<string> = new Set([
  "thinking",
  "service_tier",
  "inference_geo",
  "cache_control",
  "context_management",
  "diagnostics",
]);
/** Those whose loss would change what is done. */
const ANTHROPIC_ONLY: readonly string[] = ["container", "mcp_servers"];

/**
 * A request of Anthropic's as everything here is asked. `isNative`: every target LM that may answer is one of Anthropic's API,
 * so that blocks, tools and parameters go on as they came; else they are put into OpenAI's form. Throws `invalid_request`.
 */
export function messagesCall(body: MessagesRequest, { isNative }: { readonly isNative: boolean }): AnswerCall {
  const { model, messages, system, stream, retrieval, ...rest } = body;
  return {
    model,
    messages: toChatMessages({ messages, system }, { isNative }),
    stream: stream ?? false,
    retrieval: retrievalOf(retrieval),
    collectionParam: "retrieval.collection",
    parameters: parametersOf(rest, isNative),
  };
}

type Rest = Pick<MessagesRequest, "max_tokens" | "stop_sequences" | "tools" | "tool_choice" | "metadata">;

function parametersOf(
  { max_tokens: maxTokens, stop_sequences: stop, tools, tool_choice: choice, metadata, ...rest }: Rest,
  isNative: boolean,
): JsonObject {
  // The body came from JSON, and what the schema does not know it left as it was.
  const others = rest as JsonObject;
  const shared: Record<string, JsonValue> = {
    // OpenAI's present name; `max_tokens` is refused by its newer models.
    ...(maxTokens === undefined ? {} : { max_completion_tokens: maxTokens }),
    ...(stop ? { stop } : {}),
  };
  if (isNative) {
    const own = { tools, tool_choice: choice, metadata };
    return { ...others, ...shared, ...(withoutNullish(own) as JsonObject) };
  }
  const refused = ANTHROPIC_ONLY.find((name) => others[name] !== undefined && others[name] !== null);
  if (refused !== undefined) {
    throw unsupported("is for Anthropic's models only", [refused]);
  }
  const format = outputFormat(others["output_config"]);
  return {
    ...Object.fromEntries(Object.entries(others).filter(([name]) => !HINTS.has(name) && name !== "output_config")),
    ...shared,
    ...(format === undefined ? {} : { response_format: format }),
    ...(metadata?.user_id ? { user: metadata.user_id } : {}),
    ...(tools && tools.length > 0 ? { tools: tools.map(toFunction) } : {}),
    ...(tools && tools.length > 0 && choice ? toolChoice(choice) : {}),
  };
}

function toFunction(tool: MessagesTool, index: number): JsonObject {
  const { name, type, description, input_schema: schema } = tool;
  if (type !== undefined && type !== null && type !== "custom") {
    throw unsupported(`tools of type "${type.slice(0, 64)}" are for Anthropic's models only`, ["tools", index]);
  }
  return {
    type: "function",
    function: {
      name,
      ...(typeof description === "string" ? { description } : {}),
      parameters: (schema ?? { type: "object", properties: {} }) as JsonObject,
    },
  };
}

function toolChoice(choice: NonNullable<MessagesRequest["tool_choice"]>): JsonObject {
  const { type, name, disable_parallel_tool_use: isSerial } = choice;
  const kinds: Readonly<Record<string, JsonValue | undefined>> = {
    auto: "auto",
    none: "none",
    any: "required",
    tool: { type: "function", function: { name: String(name) } },
  };
  const kind = kinds[type];
  if (kind === undefined) {
    throw unsupported(`expected auto, any, tool or none, got "${type.slice(0, 64)}"`, ["tool_choice", "type"]);
  }
  return { tool_choice: kind, ...(isSerial === true ? { parallel_tool_calls: false } : {}) };
}

/** A JSON schema for the answer. */
function outputFormat(config: JsonValue | undefined): JsonObject | undefined {
  const format = isJsonObject(config) ? config["format"] : undefined;
  return isJsonObject(format) && format["type"] === "json_schema"
    ? { type: "json_schema", json_schema: { name: "answer", schema: format["schema"] ?? {} } }
    : undefined;
}

function withoutNullish(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}
