import type { ChatTemplate } from "../scoring/chat-template.ts";

/** A token and its natural-log probability over the whole vocabulary. */
export interface TokenLogProb {
  readonly token: number;
  readonly logProb: number;
}

/** A token of a given text, with the most likely ones at its place. */
export interface ScoredToken extends TokenLogProb {
  readonly top: readonly TokenLogProb[];
}

interface PromptLogProbsOptions {
  /** Position of the first token that is scored; at least 1, the first token having nothing before it. */
  readonly first: number;
  /** Most likely tokens told at each place. */
  readonly top: number;
}

/** A causal LM of this machine, one sequence at a time: calls must not overlap. */
export interface LocalLm {
  readonly name: string;
  readonly fingerprint: string;
  /** Tokens of prompt and answer together. */
  readonly contextSize: number;
  /** Undefined for a base model. */
  readonly chatTemplate: ChatTemplate | undefined;
  /** Ids of a text, its marks (`<|im_start|>`) being tokens of their own. */
  encode(text: string): number[];
  /** Ids of a whole prompt: with the token before it that the LM was trained to see first, where it has one. */
  withStart(ids: readonly number[]): number[];
  /** Text of ids; marks are left out. */
  decode(ids: readonly number[]): string;
  /** Text of ids, marks included. */
  text(ids: readonly number[]): string;
  withoutMarks(text: string): string;
  /** Whether a token ends the LM's turn. */
  isEnd(token: number): boolean;
  promptLogProbs(ids: readonly number[], options: PromptLogProbsOptions): Promise<ScoredToken[]>;
  /** The most likely next tokens, best first; what is shared with the last call is not computed again. */
  next(ids: readonly number[], count: number): Promise<TokenLogProb[]>;
  close(): Promise<void>;
}
