import { z } from "zod";
import type { JsonObject } from "../shared/json.ts";
import type { ChatMessage } from "./target-lm.ts";

/** A search result that stands in a message, as Anthropic's clients send what their own search has found. */
const searchResultSchema = z.object({
  type: z.literal("search_result"),
  /** Where it is from, a URL or a name. */
  source: z.string(),
  title: z.string(),
  /** Each block can be cited for itself. */
  content: z.array(z.object({ text: z.string() })).min(1),
});

export type SearchResult = z.output<typeof searchResultSchema>;

/** Undefined for any other part of a message. */
export function asSearchResult(part: JsonObject): SearchResult | undefined {
  return part["type"] === "search_result" ? searchResultSchema.safeParse(part).data : undefined;
}

/** Search results of a message, in the order in which they stand there. */
export function searchResultsOf(content: ChatMessage["content"]): readonly SearchResult[] {
  return Array.isArray(content) ? content.flatMap((part: JsonObject) => asSearchResult(part) ?? []) : [];
}
