import type { ChatMessage } from "../generation/target-lm.ts";
import type { JsonObject } from "../shared/json.ts";
import { type ChatCompletionRequest, retrievalOf } from "./schemas/chat-completion.ts";
import type { AnswerCall } from "./start-answer.ts";
import { assertOneWay, isFileSearch, takeFileSearch } from "./take-file-search.ts";

/** A chat request, taken apart into what is ours and what travels on. */
export interface ChatRequest extends AnswerCall {
  /** Without the `file_search` tool; with `stream_options`, as it asks the provider for usage. */
  readonly parameters: JsonObject;
  readonly includeUsage: boolean;
}

/** Throws `invalid_request` for a malformed `file_search` tool, or when it and `retrieval` both ask. */
export function chatRequest(body: ChatCompletionRequest): ChatRequest {
  const { model, messages, stream, retrieval, tools, tool_choice, ...rest } = body;
  const fileSearch = takeFileSearch(tools ?? []);
  assertOneWay(fileSearch, retrieval);
  const ownRetrieval = retrievalOf(retrieval);
  return {
    model,
    messages: messages.map((message) => ({ ...message, content: message.content ?? null }) as ChatMessage),
    stream: stream ?? false,
    includeUsage: rest.stream_options?.include_usage ?? false,
    retrieval: ownRetrieval === false ? false : (fileSearch ?? ownRetrieval),
    collectionParam: fileSearch === undefined ? "retrieval.collection" : "tools",
    // The body came from JSON, and what the schema does not know it left as it was.
    parameters: { ...(rest as JsonObject), ...forwardedTools(tools ?? [], tool_choice) },
  };
}

type Tools = NonNullable<ChatCompletionRequest["tools"]>;

/** Providers refuse a tool they do not know, an empty list of tools, and the choice of a tool that is not there. */
function forwardedTools(tools: Tools, choice: unknown): JsonObject {
  const others = tools.filter((tool) => !isFileSearch(tool));
  if (others.length === 0 && tools.length > 0) {
    return {};
  }
  const choosesFileSearch =
    typeof choice === "object" && choice !== null && "type" in choice && choice.type === "file_search";
  return {
    // Both came from JSON and are passed on as they were.
    ...(others.length === 0 ? {} : { tools: others as readonly JsonObject[] }),
    ...(choice === undefined || choosesFileSearch ? {} : { tool_choice: choice as JsonObject }),
  };
}
