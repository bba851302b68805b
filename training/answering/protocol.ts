import type { ChatMessage } from "../../src/generation/target-lm.ts";
import type { Question } from "./question.ts";

/** A passage as a prompt sees it; `title` may be empty. */
export interface PromptPassage {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/** A solved question shown before the one to be answered. */
export interface Shot {
  readonly question: Question;
  /** Best passage of the run for it, when there is one. */
  readonly passage: PromptPassage | undefined;
}

interface PromptInput {
  readonly question: Question;
  /** Best first; as many as the number of documents asks for. */
  readonly passages: readonly PromptPassage[];
  readonly shots: readonly Shot[];
  /** Tokens of a text, for protocols that cut by tokens. */
  readonly cutTokens: (text: string, tokens: number) => string;
}

/** How a question and its passages become a prompt, and a reply an answer: one entry of the registry. */
export interface AnswerProtocol {
  /** For the help: where it comes from. */
  readonly summary: string;
  readonly kind: "open" | "choice";
  readonly maxTokens: number;
  /** The reply ends before any of these. */
  readonly stop: readonly string[];
  /** Solved questions shown when the caller does not say. */
  readonly shots: number;
  /** A single user message is also what a completions endpoint gets as its raw prompt. */
  messages(input: PromptInput): readonly ChatMessage[];
}

/** One user message. */
export function userMessage(content: string): readonly ChatMessage[] {
  return [{ role: "user", content }];
}

/** Characters of a passage that the authors' code keeps at evaluation (AAR.md a.3: "validation" path). */
export const AAR_PASSAGE_CHARACTERS = 500;
