/** A message of a conversation, as chat templates take it. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** What a prompt continues with: text that the LM is to find likely, or not. */
export interface Continuation {
  /** The whole prompt, chat marks included. */
  readonly prompt: string;
  /** Follows the prompt directly; a leading space, where one is wanted, is part of it. Not empty. */
  readonly answer: string;
  /** How the prompt begins, where others will begin so too: an LM that can keep what it read computes that once. */
  readonly shared?: string | undefined;
}

/** Answers of which one may follow a prompt. */
export interface Choice extends Pick<Continuation, "prompt"> {
  readonly answers: readonly string[];
}

/**
 * A frozen LM that labels passages. Everything about texts (tokens, chat marks, truncation) is in here, so a signal is the same
 * for a local file and for a server.
 */
export interface SourceLm {
  /** For people: a file's or a model's name. */
  readonly name: string;
  /** sha256 over what decides its numbers; labels of two fingerprints do not mix. */
  readonly fingerprint: string;
  /** Natural-log probability of each token of the answer, each given all before it. */
  answerLogProbs(continuation: Continuation, signal?: AbortSignal): Promise<Float64Array>;
  /**
   * Natural-log probability of the first token of each of several answers to one prompt, in a single pass. Absent where
   * `answerLogProbs`, once for each, costs no more: where what was read of a prompt is kept.
   */
  firstLogProbs?(choice: Choice, signal?: AbortSignal): Promise<Float64Array>;
  /**
   * The messages in the LM's own chat template, opened for its turn. Marks of the template inside of a content are taken out:
   * a passage must not end its own turn.
   * @throws AppError `invalid_request` when the LM has no chat template.
   */
  chatPrompt(messages: readonly ChatMessage[]): Promise<string>;
  /** The text, cut to its first tokens when it has more. */
  truncate(text: string, maxTokens: number): Promise<string>;
  /** Tokens of all prompts and answers so far, written ones included, whether computed or kept; 0 when a server does not say. */
  tokens(): number;
  /** The most likely continuation (greedy), up to the end of the turn. */
  generate(prompt: string, options: GenerateOptions): Promise<string>;
  close(): Promise<void>;
}

interface GenerateOptions {
  readonly maxTokens: number;
  readonly signal?: AbortSignal | undefined;
}

/** Mean log-probability of a token: the unit of the likelihood signals, so that long answers do not count more. */
export function meanLogProb(logProbs: Float64Array): number {
  return logProbs.reduce((sum, value) => sum + value, 0) / logProbs.length;
}
