import type { ChatMessage, TargetLm } from "../generation/target-lm.ts";
import type { Collection, Retriever, RetrievalMode } from "../retrieval/types.ts";
import type { JsonObject } from "../shared/json.ts";
import type { VectorFilter } from "../vector-index/vector-index.ts";
import type { AnswerEvent, RetrievalNotice } from "./answer-event.ts";

/** How the passages of one answer are found. */
export interface AnswerRetrieval {
  readonly collection: Collection;
  readonly mode: RetrievalMode;
  /** Passages wanted, already clamped. */
  readonly topK: number;
  readonly filter?: VectorFilter;
  readonly minScore?: number;
  /** `degrade`: answer without passages when retrieval fails, and say so. `fail`: throw. */
  readonly onError: "degrade" | "fail";
  /** Searched instead of what the conversation suggests. */
  readonly query?: string;
  /** Ask the target LM for a standalone question first. Ignored beside `query`. */
  readonly rewrite?: boolean;
  /** Notices that arose before (a clamped `top_k`); they lead the notices of `retrieval-end`. */
  readonly notices?: readonly RetrievalNotice[];
}

export interface AnswerRequest {
  /** The model asked for, then its fallbacks (`createTargetLmChain`). */
  readonly targets: readonly [TargetLm, ...TargetLm[]];
  readonly messages: readonly ChatMessage[];
  /** Request parameters that we do not own, as the client sent them; without `messages`, `model` and `stream`. */
  readonly parameters: JsonObject;
  /** Whether to ask the provider for a stream. */
  readonly stream: boolean;
  readonly retrieval: AnswerRetrieval | false;
  readonly signal: AbortSignal;
}

export interface AnswerDependencies {
  readonly retriever: Retriever;
  /** Tokens of a text for the target LM, about; default `estimateTokens`. */
  readonly countTokens?: (text: string) => number;
  /** Fresh random letters and digits for the passages' fence; default from `crypto`. */
  readonly createNonce?: () => string;
}

/**
 * Answers the last question of a conversation: retrieve, fit to the context, prompt, generate, cite. The one generator
 * behind every surface. Throws an `AppError`; before the first event nothing was sent upstream that has to be undone,
 * so a caller may still choose a status. Ending the iteration or aborting `signal` aborts the provider's request.
 */
export async function* answerQuery(
  request: AnswerRequest,
  dependencies: AnswerDependencies,
): AsyncGenerator<AnswerEvent> {
  const { targets, messages, parameters, stream, signal } = request;
  void dependencies;
  const [target] = targets;
  for await (const event of target.generate({ messages, query: "", passages: [], stream, parameters }, { signal })) {
    if (event.type === "end") {
      yield { ...event, target: target.name };
    } else if (event.type !== "native-citation") {
      yield event;
    }
  }
}
