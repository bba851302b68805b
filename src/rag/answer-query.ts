import type { Caching } from "../caching/caching.ts";
import { generateWithFallback } from "../generation/fallback.ts";
import type { ChatMessage, GenerateRequest, TargetLm } from "../generation/target-lm.ts";
import type { Retriever, RetrievedPassage } from "../retrieval/types.ts";
import { estimateTokens } from "../shared/estimate-tokens.ts";
import type { JsonObject } from "../shared/json.ts";
import type { AnswerEvent, RetrievalNotice } from "./answer-event.ts";
import { AnswerCiter } from "./cite-answer.ts";
import { contextBudget, fitPassages, type FittedPassages } from "./context-budget.ts";
import { conversationQuery } from "./conversation.ts";
import { planQuery } from "./plan-query.ts";
import { augmentMessages, fence, instructionText, quoteSources } from "./prompt.ts";
import { retrieveOrDegrade, type RetrievalSettings } from "./retrieve-or-degrade.ts";
import { sourcesOf } from "./sources.ts";

/** How the passages of one answer are found. */
export interface AnswerRetrieval extends RetrievalSettings {
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
  /** Left out: nothing is cached. */
  readonly caching?: Caching;
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
 * behind every surface. Throws an `AppError`; until the first event after `retrieval-end` no target LM has answered, so
 * a caller that waits for that event may still choose a status. Ending the iteration or aborting `signal` aborts the
 * provider's request.
 */
export async function* answerQuery(
  request: AnswerRequest,
  dependencies: AnswerDependencies,
): AsyncGenerator<AnswerEvent, void, void> {
  const { targets, messages, parameters, stream, retrieval, signal } = request;
  const sources = sourcesOf(messages);
  const nonce = (dependencies.createNonce ?? createNonce)();
  if (retrieval === false) {
    yield* generate(request, {
      requestFor: ({ passageFormat, canStream }) => ({
        messages: quoteSources({ messages, sources, passageFormat, nonce }),
        parameters,
        stream: stream && canStream,
        query: sources.length === 0 ? "" : conversationQuery(messages).query,
        passages: sources,
        sourceCount: sources.length,
      }),
      passages: sources,
    });
    return;
  }
  const { query, notices } = await planQuery({
    messages,
    target: targets[0],
    override: retrieval.query,
    rewrite: retrieval.rewrite === true,
    signal,
  });
  const found = await retrieveOrDegrade({ ...retrieval, query }, { retriever: dependencies.retriever, signal });
  const fitted = fitToContext(found.outcome.passages, request, {
    countTokens: dependencies.countTokens ?? estimateTokens,
    nonce,
  });
  const { passages } = fitted;
  yield {
    type: "retrieval-end",
    query,
    collection: retrieval.collection.name,
    outcome: { ...found.outcome, passages },
    ...(sources.length === 0 ? {} : { sources }),
    contextTokens: fitted.tokens,
    notices: [...(retrieval.notices ?? []), ...notices, ...found.notices, ...fitted.notices],
  };
  const citable = [...sources, ...passages];
  yield* generate(request, {
    passages: citable,
    requestFor: ({ passageFormat, canStream }) => {
      const quoted = { messages, sources, passageFormat, nonce };
      return {
        messages: found.isFailed ? quoteSources(quoted) : augmentMessages({ ...quoted, passages }),
        parameters,
        // A fallback that cannot stream still answers, in one piece.
        stream: stream && canStream,
        query,
        passages: citable,
        sourceCount: sources.length,
      };
    },
  });
}

interface GenerateOptions {
  readonly requestFor: (target: TargetLm) => GenerateRequest;
  readonly passages: readonly RetrievedPassage[];
}

async function* generate(
  { targets, signal }: AnswerRequest,
  { requestFor, passages }: GenerateOptions,
): AsyncGenerator<AnswerEvent, void, void> {
  const { target, events } = await generateWithFallback(targets, { requestFor, signal });
  const citer = new AnswerCiter(passages);
  for await (const event of events) {
    if (event.type === "end") {
      yield* citer.end();
      yield { ...event, target: target.name };
    } else if (passages.length === 0 && event.type !== "native-citation") {
      yield event;
    } else {
      yield* citer.read(event);
    }
  }
}

interface FitOptions {
  readonly countTokens: (text: string) => number;
  readonly nonce: string;
}

/** What fits the smallest context among the models that may answer: a fallback gets the same passages and numbers. */
function fitToContext(
  candidates: readonly RetrievedPassage[],
  { targets, messages, parameters }: AnswerRequest,
  { countTokens, nonce }: FitOptions,
): FittedPassages & { readonly notices: readonly RetrievalNotice[] } {
  const budgets = targets.map(({ contextWindow, maxOutputTokens }) =>
    contextBudget({ contextWindow, maxOutputTokens, messages, parameters, countTokens }),
  );
  const fitted = fitPassages({
    passages: candidates,
    budget: Math.min(...budgets),
    instructionTokens: countTokens(instructionText(candidates.length, nonce)),
    countPassage: (passage, number) => countTokens(fence(passage, number, nonce)),
  });
  const { droppedCount, isLastCut } = fitted;
  if (droppedCount === 0 && !isLastCut) {
    return { ...fitted, notices: [] };
  }
  const cut = isLastCut ? ", and the last one was cut at the end of a sentence" : "";
  const message = `${droppedCount} of ${candidates.length} passages did not fit into the model's context${cut}`;
  return { ...fitted, notices: [{ code: "passages_dropped_for_context", message }] };
}

/** 16 letters and digits: 80 random bits. */
function createNonce(): string {
  const alphabet = "abcdefghjkmnpqrstuvwxyz123456789";
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => alphabet.charAt(byte % 32)).join("");
}
