import type { ChatMessage, SourceLm } from "../../training/scoring/source-lm.ts";

export interface FakeSourceLmOptions {
  /** Log-probability of each token of the answer; default: -1 for every word of it. */
  readonly logProbs?: (prompt: string, answer: string) => readonly number[];
  /** What it writes after a prompt. */
  readonly writes?: (prompt: string) => string;
}

export interface FakeSourceLm extends SourceLm {
  /** Prompts and answers it was asked for, in order. */
  readonly asked: readonly { readonly prompt: string; readonly answer: string }[];
  readonly isClosed: () => boolean;
}

/** A source LM whose tokens are words and whose chat template is `<user>…<assistant>`. */
export function fakeSourceLm({ logProbs, writes = () => "" }: FakeSourceLmOptions = {}): FakeSourceLm {
  const asked: { prompt: string; answer: string }[] = [];
  let isClosed = false;
  let tokens = 0;
  const count = (...texts: readonly string[]): void => {
    tokens += texts.reduce((sum, text) => sum + text.trim().split(/\s+/u).length, 0);
  };
  return {
    name: "fake",
    fingerprint: "f".repeat(64),
    asked,
    isClosed: () => isClosed,
    async answerLogProbs({ prompt, answer }, signal) {
      signal?.throwIfAborted();
      asked.push({ prompt, answer });
      count(prompt, answer);
      const values =
        logProbs?.(prompt, answer) ??
        answer
          .trim()
          .split(/\s+/u)
          .map(() => -1);
      return await Promise.resolve(Float64Array.from(values));
    },
    chatPrompt: async (messages: readonly ChatMessage[]) =>
      await Promise.resolve(`${messages.map(({ role, content }) => `<${role}>${content}`).join("")}<assistant>`),
    truncate: async (text, maxTokens) => await Promise.resolve(text.split(" ").slice(0, maxTokens).join(" ")),
    async generate(prompt) {
      count(prompt, writes(prompt));
      return await Promise.resolve(writes(prompt));
    },
    tokens: () => tokens,
    async close() {
      isClosed = true;
      await Promise.resolve();
    },
  };
}
