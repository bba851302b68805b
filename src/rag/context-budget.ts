import { answerTokens, promptTokens } from "../generation/prompt-tokens.ts";
import type { ChatMessage } from "../generation/target-lm.ts";
import type { RetrievedPassage } from "../retrieval/types.ts";
import type { JsonObject } from "../shared/json.ts";
import { splitSentences } from "../shared/sentences.ts";

/** A cut passage shorter than this tells too little to be worth its frame. */
const MIN_CUT_TOKENS = 48;

export interface ContextBudgetOptions {
  /** Tokens of the target's context, question and answer included. */
  readonly contextWindow: number;
  /** Tokens kept free for the answer when the request does not say how long it may be. */
  readonly maxOutputTokens: number;
  readonly messages: readonly ChatMessage[];
  readonly parameters: JsonObject;
  readonly countTokens: (text: string) => number;
}

/** Tokens left for passages: the window without conversation, tools and answer; 0 when nothing is left. */
export function contextBudget({
  contextWindow,
  maxOutputTokens,
  messages,
  parameters,
  countTokens,
}: ContextBudgetOptions): number {
  const answer = answerTokens(parameters, maxOutputTokens);
  return Math.max(0, Math.floor(contextWindow - answer - promptTokens({ messages, parameters, countTokens })));
}

export interface FitPassagesOptions {
  /** Best first. */
  readonly passages: readonly RetrievedPassage[];
  readonly budget: number;
  /** Tokens of what goes into the prompt besides the passages. */
  readonly instructionTokens: number;
  /** Tokens of a passage as it will stand in the prompt under this number. */
  readonly countPassage: (passage: RetrievedPassage, number: number) => number;
}

export interface FittedPassages {
  readonly passages: readonly RetrievedPassage[];
  /** Tokens of instructions and passages. */
  readonly tokens: number;
  /** Passages that found no room, and whether the last that did lost its end. */
  readonly droppedCount: number;
  readonly isLastCut: boolean;
}

/**
 * Keeps the best passages that fit. The first that does not is cut at the end of a sentence when enough of it would be
 * left; it and nothing after it is the last, so that a rank never gives way to a lower one for being longer.
 */
export function fitPassages({ passages, budget, instructionTokens, countPassage }: FitPassagesOptions): FittedPassages {
  const kept: RetrievedPassage[] = [];
  let tokens = instructionTokens;
  for (const candidate of passages) {
    const number = kept.length + 1;
    const cost = countPassage(candidate, number);
    if (tokens + cost > budget) {
      const cut = cutPassage(candidate, (shorter) => tokens + countPassage(shorter, number) <= budget);
      const cutCost = cut === undefined ? 0 : countPassage(cut, number);
      const isLastCut = cut !== undefined && cutCost >= MIN_CUT_TOKENS;
      const fitted = isLastCut ? [...kept, cut] : kept;
      return {
        passages: fitted,
        tokens: isLastCut ? tokens + cutCost : fitted.length === 0 ? 0 : tokens,
        droppedCount: passages.length - fitted.length,
        isLastCut,
      };
    }
    kept.push(candidate);
    tokens += cost;
  }
  return { passages: kept, tokens, droppedCount: 0, isLastCut: false };
}

/** The longest beginning of whole sentences that fits, found by halving. */
function cutPassage(
  candidate: RetrievedPassage,
  fits: (shorter: RetrievedPassage) => boolean,
): RetrievedPassage | undefined {
  const ends = splitSentences(candidate.passage.text).map(({ end }) => end);
  const shortened = (count: number): RetrievedPassage => ({
    ...candidate,
    passage: { ...candidate.passage, text: candidate.passage.text.slice(0, ends[count - 1]) },
  });
  let fitting = 0;
  // The whole does not fit, so its last sentence is out of the question.
  let limit = ends.length - 1;
  while (fitting < limit) {
    const middle = Math.ceil((fitting + limit) / 2);
    if (fits(shortened(middle))) {
      fitting = middle;
    } else {
      limit = middle - 1;
    }
  }
  return fitting === 0 ? undefined : shortened(fitting);
}
