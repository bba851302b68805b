import { textOfContent } from "../generation/message-text.ts";
import type { ChatMessage, TargetLm } from "../generation/target-lm.ts";
import { AppError, toAppError } from "../shared/errors.ts";
import { toSingleLine } from "../shared/sanitize.ts";

/** A search that waits longer for its query is worse than one with a lesser query. */
const REWRITE_DEADLINE_MS = 8_000;
/** Messages before the question, and characters of each, that the rewriter sees. */
const MAX_HISTORY_MESSAGES = 8;
const MAX_MESSAGE_CHARACTERS = 1_000;
/** A longer answer is not a question. */
const MAX_QUERY_CHARACTERS = 600;

const INSTRUCTION = [
  "You turn the last question of a conversation into one search query that can be understood without the conversation.",
  "Replace pronouns and omissions by what they stand for, keep names, numbers and the language of the question.",
  "Do not answer the question. Reply with the query alone, on one line.",
].join(" ");

export interface RewriteQueryOptions {
  readonly messages: readonly ChatMessage[];
  readonly signal: AbortSignal;
  readonly deadlineMs?: number;
}

/**
 * Asks a target LM for a standalone form of the last question. Throws an `AppError` when there is none in time; only
 * `aborted` means that the client went away, after anything else the caller has a query of its own to search.
 */
export async function rewriteQuery(
  target: TargetLm,
  { messages, signal, deadlineMs = REWRITE_DEADLINE_MS }: RewriteQueryOptions,
): Promise<string> {
  if (!target.isGenerative) {
    throw new AppError("upstream_rejected", `model "${target.name}" does not write text of its own`);
  }
  const deadline = AbortSignal.timeout(deadlineMs);
  const request = {
    messages: rewriteMessages(messages),
    query: "",
    passages: [],
    stream: false,
    parameters: {},
  };
  let text = "";
  try {
    for await (const event of target.generate(request, { signal: AbortSignal.any([signal, deadline]) })) {
      text += event.type === "text-delta" && event.choice === 0 ? event.text : "";
    }
  } catch (error) {
    if (deadline.aborted && !signal.aborted) {
      throw new AppError("upstream_timeout", `no query within ${deadlineMs} ms`, { cause: error });
    }
    throw toAppError(error);
  }
  return readQuery(text);
}

function rewriteMessages(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const last = messages.findLastIndex(({ role }) => role === "user");
  const line = ({ role, content }: ChatMessage): string =>
    `${role}: ${toSingleLine(textOfContent(content)).slice(0, MAX_MESSAGE_CHARACTERS)}`;
  const history = messages
    .slice(0, Math.max(0, last))
    .filter(({ role, content }) => (role === "user" || role === "assistant") && textOfContent(content) !== "")
    .slice(-MAX_HISTORY_MESSAGES);
  const question = messages[last];
  const transcript = [...history, ...(question === undefined ? [] : [question])].map(line).join("\n");
  return [
    { role: "system", content: INSTRUCTION },
    { role: "user", content: `${transcript}\n\nThe last question, as a search query that stands alone:` },
  ];
}

/** The last line that says something: reasoning models think aloud before it. */
function readQuery(text: string): string {
  const lines = text
    .replace(/<think>.*?<\/think>/gsu, "")
    .split("\n")
    .map((line) => toSingleLine(line).replace(/^(?:(?:search )?query\s*:\s*)?["“'`]?(.*?)["”'`]?$/iu, "$1"))
    .filter((line) => line !== "");
  const query = lines.at(-1) ?? "";
  if (query === "" || query.length > MAX_QUERY_CHARACTERS) {
    throw new AppError(
      "upstream_malformed",
      `expected a query of 1 to ${MAX_QUERY_CHARACTERS} characters, got ${query.length}`,
    );
  }
  return query;
}
