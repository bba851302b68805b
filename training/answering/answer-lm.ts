import type { ChatMessage } from "../../src/generation/target-lm.ts";

export interface AnswerRequest {
  readonly messages: readonly ChatMessage[];
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** Letters of a multiple choice, whose log-probabilities as the first token are wanted where the LM has them; else empty. */
  readonly letters: readonly string[];
}

export interface AnswerReply {
  readonly text: string;
  /** Natural logarithms by token text, of the letters or the likeliest first tokens; undefined when the LM gives none. */
  readonly firstToken?: ReadonlyMap<string, number>;
  /** As the LM counts them; 0 when it does not. */
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** A target LM as the evaluation asks it: greedy, one reply, in one piece. */
export interface AnswerLm {
  readonly name: string;
  /** What the answers depend on, for hashes and meta files: model and settings, never a secret. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** Throws an AppError (`upstream_*`, `aborted`). */
  answer(request: AnswerRequest, signal: AbortSignal): Promise<AnswerReply>;
  /** Mean natural-log probability of the tokens of a right answer after the messages, of an LM that can tell. */
  rightAnswerLogProbability?(messages: readonly ChatMessage[], answer: string, signal: AbortSignal): Promise<number>;
  close?(): Promise<void>;
}
