import { AppError } from "../shared/errors.ts";
import { fileSearchOptions } from "./file-search.ts";
import { invalidRequest } from "./read-json.ts";
import type { RetrievalOptions } from "./schemas/chat-completion.ts";
import { fileSearchToolSchema } from "./schemas/file-search.ts";

/** A tool of OpenAI's, of which nothing but its type is known. */
interface AnyTool {
  readonly type: string;
}

/** Which of a request's tools are ours, and which are not. */
export function isFileSearch({ type }: AnyTool): boolean {
  return type === "file_search";
}

/**
 * What a request's `file_search` tool asks for; undefined when it has none. Throws `invalid_request` when it is malformed, or
 * when there are several, `invalid_filter` for filters that Vectorize cannot express.
 */
export function takeFileSearch(tools: readonly AnyTool[]): RetrievalOptions | undefined {
  const index = tools.findIndex(isFileSearch);
  if (index === -1) {
    return undefined;
  }
  if (tools.filter(isFileSearch).length > 1) {
    throw new AppError("invalid_request", "tools: at most one file_search tool", { details: { param: "tools" } });
  }
  const parsed = fileSearchToolSchema.safeParse(tools[index]);
  if (!parsed.success) {
    throw invalidRequest(parsed.error, ["tools", index]);
  }
  return fileSearchOptions(parsed.data);
}

/** Of the two ways to ask for retrieval a request may use one. Throws `invalid_request`. */
export function assertOneWay(fileSearch: RetrievalOptions | undefined, retrieval: unknown): void {
  if (fileSearch !== undefined && typeof retrieval === "object" && retrieval !== null) {
    throw new AppError("invalid_request", "send either `retrieval` or a `file_search` tool, not both", {
      details: { param: "retrieval" },
    });
  }
}
