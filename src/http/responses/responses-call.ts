import { z } from "@hono/zod-openapi";
import { AppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import { invalidRequest } from "../read-json.ts";
import { retrievalOf } from "../schemas/chat-completion.ts";
import type { ResponsesRequest, ResponseTool } from "../schemas/responses.ts";
import type { AnswerCall } from "../start-answer.ts";
import { assertOneWay, isFileSearch, takeFileSearch } from "../take-file-search.ts";
import { toChatMessages } from "./input-items.ts";

const functionSchema = z.looseObject({
  name: z.string().min(1),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});

/** Parameters that are answered here, or that nothing of a chat completion has a place for. */
const OURS = ["store", "include", "metadata", "truncation", "stream_options", "max_tool_calls", "top_logprobs"];
const STORED = ["previous_response_id", "conversation", "prompt", "background"];

/** A request of OpenAI's Responses as everything here is asked. Throws `invalid_request`, `invalid_filter`. */
export function responsesCall(body: ResponsesRequest): AnswerCall {
  const { model, input, instructions, stream, retrieval, tools, ...rest } = body;
  const fileSearch = takeFileSearch(tools ?? []);
  assertOneWay(fileSearch, retrieval);
  return {
    model,
    messages: toChatMessages({ input, instructions }),
    stream: stream ?? false,
    // Asked for, not the default: a client of this API says so by the tool.
    retrieval: fileSearch ?? (retrieval === undefined ? false : retrievalOf(retrieval)),
    collectionParam: fileSearch === undefined ? "retrieval.collection" : "tools",
    parameters: parametersOf(rest, tools ?? []),
  };
}

type Rest = Pick<
  ResponsesRequest,
  "max_output_tokens" | "reasoning" | "text" | "tool_choice" | "parallel_tool_calls" | "temperature" | "top_p"
>;

function parametersOf(
  { max_output_tokens: maxTokens, reasoning, text, tool_choice: choice, parallel_tool_calls: parallel, ...rest }: Rest,
  tools: readonly ResponseTool[],
): JsonObject {
  const functions = tools.flatMap((tool, index) => (isFileSearch(tool) ? [] : [toFunction(tool, index)]));
  const format = responseFormat(text?.format);
  // The body came from JSON, and what the schema does not know it left as it was.
  const others = Object.entries(rest as JsonObject).filter(
    ([name, value]) => value !== null && !OURS.includes(name) && !STORED.includes(name),
  );
  return {
    ...Object.fromEntries(others),
    ...(maxTokens ? { max_completion_tokens: maxTokens } : {}),
    ...(reasoning?.effort ? { reasoning_effort: reasoning.effort } : {}),
    ...(text?.verbosity ? { verbosity: text.verbosity } : {}),
    ...(format === undefined ? {} : { response_format: format }),
    ...(functions.length === 0 ? {} : { tools: functions, ...toolChoice(choice) }),
    ...(functions.length === 0 || typeof parallel !== "boolean" ? {} : { parallel_tool_calls: parallel }),
  };
}

function toFunction(tool: ResponseTool, index: number): JsonObject {
  if (tool.type !== "function") {
    throw invalid(
      `tools.${index}`,
      `tools of type "${tool.type.slice(0, 64)}" are not known here; there are file_search and function`,
    );
  }
  const parsed = functionSchema.safeParse(tool);
  if (!parsed.success) {
    throw invalidRequest(parsed.error, ["tools", index]);
  }
  const { name, description, parameters, strict } = parsed.data;
  return {
    type: "function",
    function: {
      name,
      ...(description ? { description } : {}),
      // It came from JSON.
      ...(parameters ? { parameters: parameters as JsonObject } : {}),
      ...(typeof strict === "boolean" ? { strict } : {}),
    },
  };
}

function toolChoice(choice: ResponsesRequest["tool_choice"]): JsonObject {
  if (choice === undefined || choice === null || typeof choice === "string") {
    return choice ? { tool_choice: choice } : {};
  }
  if (choice.type === "function") {
    return { tool_choice: { type: "function", function: { name: String(choice["name"]) } } };
  }
  if (isFileSearch(choice)) {
    return {};
  }
  throw invalid(
    "tool_choice",
    `expected auto, none, required, a function or file_search, got "${choice.type.slice(0, 64)}"`,
  );
}

function responseFormat(format: NonNullable<ResponsesRequest["text"]>["format"]): JsonObject | undefined {
  if (format === undefined || format === null || format.type === "text") {
    return undefined;
  }
  // It came from JSON; whether the provider can do it is the provider's to say.
  const { type, ...schema } = format as JsonObject & { readonly type: string };
  return type === "json_schema" ? { type, json_schema: schema } : { type };
}

function invalid(param: string, message: string): AppError {
  return new AppError("invalid_request", `${param}: ${message}`, { details: { param } });
}
