import type { JsonObject } from "../shared/json.ts";
import { textOfContent } from "./message-text.ts";
import { searchResultsOf } from "./search-result.ts";
import type { ChatMessage } from "./target-lm.ts";

/** Tokens that a template adds around a message, and that an image or a file costs, about. */
const MESSAGE_OVERHEAD_TOKENS = 6;
const ATTACHMENT_TOKENS = 1_100;

export interface PromptTokensOptions {
  readonly messages: readonly ChatMessage[];
  readonly parameters: JsonObject;
  readonly countTokens: (text: string) => number;
}

/** About how many tokens a conversation and its tools are for a target LM. */
export function promptTokens({ messages, parameters, countTokens }: PromptTokensOptions): number {
  let conversation = 0;
  for (const { content, tool_calls: toolCalls } of messages) {
    const results = searchResultsOf(content);
    const texts = [textOfContent(content), ...results.map((result) => JSON.stringify(result))];
    const attachments = Array.isArray(content) ? content.filter(({ type }) => type !== "text").length : 0;
    conversation += texts.reduce((sum, text) => sum + countTokens(text), MESSAGE_OVERHEAD_TOKENS);
    conversation += (attachments - results.length) * ATTACHMENT_TOKENS;
    conversation += toolCalls === undefined ? 0 : countTokens(JSON.stringify(toolCalls));
  }
  const tools = parameters["tools"] === undefined ? 0 : countTokens(JSON.stringify(parameters["tools"]));
  return conversation + tools;
}

/** How long an answer may become: what the request says, or `otherwise`. */
export function answerTokens(parameters: JsonObject, otherwise: number): number {
  const asked = parameters["max_completion_tokens"] ?? parameters["max_tokens"];
  return typeof asked === "number" && asked > 0 ? asked : otherwise;
}
