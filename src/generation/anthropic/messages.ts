import { AppError } from "../../shared/errors.ts";
import type { JsonObject, JsonValue } from "../../shared/json.ts";
import { textOfContent } from "../message-text.ts";
import type { ChatMessage } from "../target-lm.ts";

interface AnthropicTurn {
  readonly role: "user" | "assistant";
  readonly content: readonly JsonObject[];
}

/**
 * OpenAI's messages as Anthropic's turns: instructions are left out (they travel as `system`), tool calls and results
 * become blocks, neighbours of one role become one turn. `passages` go before the last question.
 * Throws `invalid_request` for parts without a counterpart.
 */
export function toAnthropicMessages(
  messages: readonly ChatMessage[],
  passages: readonly JsonObject[],
): readonly JsonObject[] {
  const question = messages.findLastIndex(({ role }) => role === "user");
  const turns: AnthropicTurn[] = [];
  for (const [index, message] of messages.entries()) {
    const turn = toTurn(message, index);
    const content = [...(index === question ? passages : []), ...(turn?.content ?? [])];
    if (turn === undefined || content.length === 0) {
      continue;
    }
    const previous = turns.at(-1);
    if (previous?.role === turn.role) {
      turns[turns.length - 1] = { role: turn.role, content: [...previous.content, ...content] };
    } else {
      turns.push({ role: turn.role, content });
    }
  }
  if (turns.length === 0) {
    throw invalid("messages", "expected at least one user message with content");
  }
  return turns.map(({ role, content }) => ({
    role,
    // The provider wants citations for all search results of a request or for none, and ours have them.
    content: passages.length === 0 ? content : content.map(withCitations),
  }));
}

function withCitations(block: JsonObject): JsonObject {
  const { type, content, citations } = block;
  if (type === "search_result") {
    const isEnabled = isObject(citations) && citations["enabled"] === true;
    return isEnabled ? block : { ...block, citations: { enabled: true } };
  }
  return type === "tool_result" && Array.isArray(content)
    ? { ...block, content: content.map((part: JsonObject) => withCitations(part)) }
    : block;
}

function toTurn(message: ChatMessage, index: number): AnthropicTurn | undefined {
  switch (message.role) {
    case "system":
    case "developer":
      return undefined;
    case "user":
      return { role: "user", content: toBlocks(message, index) };
    case "assistant":
      return { role: "assistant", content: [...toBlocks(message, index), ...toolUses(message["tool_calls"], index)] };
    case "tool":
      return { role: "user", content: [toolResult(message, index)] };
    default:
      throw invalid(`messages.${index}.role`, `unknown role "${message.role.slice(0, 32)}"`);
  }
}

/** Blocks of Anthropic's own that its clients send through us, and that go on as they came. */
const OWN_BLOCKS: ReadonlySet<unknown> = new Set([
  "search_result",
  "document",
  "image",
  "thinking",
  "redacted_thinking",
  "server_tool_use",
  "web_search_tool_result",
  "web_fetch_tool_result",
  "code_execution_tool_result",
]);

function toBlocks({ content }: ChatMessage, index: number): readonly JsonObject[] {
  if (!Array.isArray(content)) {
    const text = textOfContent(content);
    return text === "" ? [] : [{ type: "text", text }];
  }
  return content.flatMap((part: JsonObject): readonly JsonObject[] => {
    const { type, text, image_url: image, cache_control: cacheControl } = part;
    if (OWN_BLOCKS.has(type)) {
      return [part];
    }
    if ((type === "text" && typeof text === "string") || type === "refusal") {
      // Anthropic refuses empty text blocks.
      const kept: JsonObject = cacheControl === undefined ? {} : { cache_control: cacheControl };
      return typeof text === "string" && text !== "" ? [{ type: "text", text, ...kept }] : [];
    }
    if (type === "image_url" && typeof image === "object" && image !== null && "url" in image) {
      return [{ type: "image", source: imageSource(image["url"], index) }];
    }
    throw invalid(
      `messages.${index}.content`,
      `parts of type ${JSON.stringify(type)} cannot be sent to Anthropic's API`,
    );
  });
}

function imageSource(url: JsonValue | undefined, index: number): JsonObject {
  if (typeof url !== "string") {
    throw invalid(`messages.${index}.content`, "image_url.url must be a string");
  }
  const data = /^data:(image\/[\w.+-]+);base64,(.+)$/su.exec(url);
  if (data !== null) {
    return { type: "base64", media_type: data[1] ?? "", data: data[2] ?? "" };
  }
  if (!url.startsWith("https://")) {
    throw invalid(`messages.${index}.content`, "image_url.url must be an https or a base64 data URL");
  }
  return { type: "url", url };
}

function toolUses(toolCalls: JsonValue | undefined, index: number): readonly JsonObject[] {
  const calls: readonly JsonValue[] = Array.isArray(toolCalls) ? toolCalls : [];
  return calls.map((call) => {
    if (isObject(call) && isObject(call["function"])) {
      const { name, arguments: text } = call["function"];
      const input = parseArguments(text);
      if (typeof call["id"] === "string" && typeof name === "string" && input !== undefined) {
        return { type: "tool_use", id: call["id"], name, input };
      }
    }
    throw invalid(`messages.${index}.tool_calls`, "expected id, function.name and function.arguments as a JSON object");
  });
}

function parseArguments(text: JsonValue | undefined): JsonObject | undefined {
  if (text === undefined || text === "") {
    return {};
  }
  try {
    const input: unknown = typeof text === "string" ? JSON.parse(text) : text;
    return isObject(input) ? input : undefined;
  } catch {
    return undefined;
  }
}

function toolResult(message: ChatMessage, index: number): JsonObject {
  const id = message["tool_call_id"];
  if (typeof id !== "string") {
    throw invalid(`messages.${index}.tool_call_id`, "a tool message names the call that it answers");
  }
  const failed: JsonObject = message["is_error"] === true ? { is_error: true } : {};
  return { type: "tool_result", tool_use_id: id, content: toBlocks(message, index), ...failed };
}

/** An object that came out of JSON holds JSON. */
function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(param: string, message: string): AppError {
  return new AppError("invalid_request", `${param}: ${message}`, { details: { param } });
}
