import type { ChatMessage, TargetLm } from "../generation/target-lm.ts";
import { abortError } from "../shared/abort-error.ts";
import { AppError, toAppError } from "../shared/errors.ts";
import type { RetrievalNotice } from "./answer-event.ts";
import { conversationQuery } from "./conversation.ts";
import { rewriteQuery } from "./rewrite-query.ts";

export interface PlanQueryOptions {
  readonly messages: readonly ChatMessage[];
  /** Asked for a rewrite. */
  readonly target: TargetLm;
  /** The client's own query; nothing else is looked at. */
  readonly override?: string | undefined;
  readonly rewrite: boolean;
  readonly signal: AbortSignal;
}

export interface PlannedQuery {
  readonly query: string;
  readonly notices: readonly RetrievalNotice[];
}

/**
 * Decides what to search for: the client's own query, a rewrite by the target LM, or the last question, joined with
 * earlier ones when it cannot stand alone; the last also when rewriting fails. Throws `invalid_request` without a text.
 */
export async function planQuery({
  messages,
  target,
  override,
  rewrite,
  signal,
}: PlanQueryOptions): Promise<PlannedQuery> {
  if (override !== undefined) {
    return { query: override, notices: [] };
  }
  const { query, isJoined } = conversationQuery(messages);
  if (query === "") {
    const message =
      "the last user message has no text to search for; send some, set retrieval.query, or retrieval: false";
    throw new AppError("invalid_request", message, { details: { param: "messages" } });
  }
  const notices: RetrievalNotice[] = [];
  if (rewrite) {
    try {
      const rewritten = await rewriteQuery(target, { messages, signal });
      return { query: rewritten, notices: [{ code: "query_rewritten", message: `searched for: ${rewritten}` }] };
    } catch (error) {
      if (signal.aborted) {
        throw abortError(signal);
      }
      const { message } = toAppError(error);
      notices.push({ code: "degraded", message: `the query was not rewritten: ${message}` });
    }
  }
  if (isJoined) {
    const message = "the last question leans on earlier ones and was searched together with them";
    notices.push({ code: "query_joined", message });
  }
  return { query, notices };
}
