import { AppError } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";
import { textOfContent } from "./message-text.ts";
import { parametersFor } from "./parameters-for.ts";
import type { ChatMessage, GenerateRequest } from "./target-lm.ts";

/** Parameters of chat completions that the legacy endpoint does not know, or knows in another form. */
const CHAT_ONLY = ["logprobs", "top_logprobs", "max_completion_tokens", "parallel_tool_calls", "reasoning_effort"];

/** Parameters whose loss would change what the answer is. */
const UNSUPPORTED = ["tools", "functions", "response_format"];

const SPEAKERS: Readonly<Record<string, string>> = { user: "User", assistant: "Assistant" };

/**
 * A chat as a legacy completions request: instructions, then a transcript that the model continues, which stops where
 * it would begin to speak for the user. Throws `invalid_request` for what a plain prompt cannot carry (tools, images).
 */
export function completionsBody(request: GenerateRequest, model: string): JsonObject {
  const { messages, parameters, stream } = request;
  for (const parameter of UNSUPPORTED) {
    if (parameters[parameter] !== undefined && parameters[parameter] !== null) {
      const message = `${parameter} cannot be used: the model is served through the legacy completions endpoint`;
      throw new AppError("invalid_request", message, { details: { param: parameter } });
    }
  }
  const { logprobs, top_logprobs: topLogprobs, max_completion_tokens: maxTokens } = parameters;
  const kept = Object.fromEntries(Object.entries(parametersFor(request)).filter(([key]) => !CHAT_ONLY.includes(key)));
  return {
    stop: ["\nUser:"],
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    // Chat: a switch and a number. Here: the number alone, 0 for the chosen token only.
    ...(logprobs === true ? { logprobs: topLogprobs ?? 0 } : {}),
    ...kept,
    model,
    prompt: completionsPrompt(messages),
    stream,
  };
}

function completionsPrompt(messages: readonly ChatMessage[]): string {
  const turns = messages.map(({ role, content }) => {
    if (Array.isArray(content) && content.some(({ type }) => type !== "text")) {
      throw new AppError("invalid_request", "only text can be sent to a model behind the legacy completions endpoint", {
        details: { param: "messages" },
      });
    }
    const speaker = SPEAKERS[role];
    return speaker === undefined ? textOfContent(content) : `${speaker}: ${textOfContent(content)}`;
  });
  return [...turns, "Assistant:"].join("\n\n");
}
