import type { LocalLm, TokenLogProb } from "../../training/llama/local-lm.ts";
import { createChatTemplate } from "../../training/scoring/chat-template.ts";

/** Ids are code points; this one ends a turn. */
const END = 0;
const START_MARK = "<|im_start|>";

export interface FakeLocalLmOptions {
  /** What it says after a prompt, character by character, before it ends its turn. */
  readonly says?: (prompt: string) => string;
  readonly contextSize?: number;
  /** Resolves before each token: a test's way to hold the LM at work. */
  readonly beforeToken?: () => Promise<void>;
}

/**
 * An LM that is sure of what it says: the next character of its line has log-probability log(0.9), "x" log(0.1). A given text's
 * character has log-probability minus its code point in thousandths.
 */
export function fakeLocalLm({
  says = () => "Hello there.",
  contextSize = 1000,
  beforeToken = () => Promise.resolve(),
}: FakeLocalLmOptions = {}): LocalLm & { readonly evaluated: () => number } {
  let evaluated = 0;
  const text = (ids: readonly number[]): string =>
    ids.map((id) => (id === END ? "" : String.fromCodePoint(id))).join("");
  return {
    name: "fake",
    fingerprint: "f".repeat(64),
    contextSize,
    chatTemplate: createChatTemplate(
      `{% for m in messages %}${START_MARK}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}>{% endif %}`,
      {},
    ),
    evaluated: () => evaluated,
    encode: (given) => Array.from(given, (character) => character.codePointAt(0) ?? END),
    withStart: (ids) => [...ids],
    decode: (ids) => text(ids),
    text,
    withoutMarks: (given) => given.replaceAll(START_MARK, ""),
    isEnd: (token) => token === END,
    promptLogProbs: async (ids, { first }) =>
      await Promise.resolve(ids.slice(first).map((token) => ({ token, logProb: -token / 1000, top: [] }))),
    async next(ids, count) {
      await beforeToken();
      evaluated += 1;
      const whole = text(ids);
      const start = whole.lastIndexOf(">") + 1;
      const line = Array.from(says(whole.slice(0, start)));
      const said = ids.length - Array.from(whole.slice(0, start)).length;
      const token = line[said]?.codePointAt(0) ?? END;
      const candidates: TokenLogProb[] = [
        { token, logProb: Math.log(0.9) },
        { token: 120, logProb: Math.log(0.1) },
      ];
      return candidates.slice(0, count);
    },
    close: () => Promise.resolve(),
  };
}
