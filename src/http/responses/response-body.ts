import { isJsonObject, type JsonObject, type JsonValue } from "../../shared/json.ts";
import type { ResponsesRequest } from "../schemas/responses.ts";

export interface ResponseIdentity {
  readonly id: string;
  /** Unix seconds. */
  readonly createdAt: number;
  /** The name the client asked for. */
  readonly model: string;
}

/** A response before its first word: what was asked for, with OpenAI's defaults where it says nothing. */
export function responseBody({ id, createdAt, model }: ResponseIdentity, request: ResponsesRequest): JsonObject {
  const { instructions, max_output_tokens: maxTokens, metadata, parallel_tool_calls: parallel, reasoning } = request;
  return {
    id,
    object: "response",
    created_at: createdAt,
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: instructions ?? null,
    max_output_tokens: maxTokens ?? null,
    metadata: metadata ?? {},
    model,
    output: [],
    parallel_tool_calls: parallel ?? true,
    previous_response_id: null,
    reasoning: { effort: reasoning?.effort ?? null, summary: null },
    // Nothing is kept, whatever was asked for: there is nothing to come back to.
    store: false,
    temperature: request.temperature ?? 1,
    // These came from JSON.
    text: (request.text ?? { format: { type: "text" } }) as JsonObject,
    tool_choice: (request.tool_choice ?? "auto") as JsonValue,
    tools: (request.tools ?? []) as readonly JsonObject[],
    top_p: request.top_p ?? 1,
    truncation: "disabled",
    usage: null,
    user: null,
  };
}

/** Usage of a chat completion in the words of Responses. */
export function responseUsage(usage: JsonObject): JsonObject {
  const input = count(usage["prompt_tokens"]);
  const output = count(usage["completion_tokens"]);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: detail(usage["prompt_tokens_details"], "cached_tokens") },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: detail(usage["completion_tokens_details"], "reasoning_tokens") },
    total_tokens: input + output,
  };
}

function detail(details: JsonValue | undefined, name: string): number {
  return isJsonObject(details) ? count(details[name]) : 0;
}

function count(value: JsonValue | undefined): number {
  return typeof value === "number" ? value : 0;
}
