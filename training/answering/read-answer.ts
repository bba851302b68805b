import type { AnswerReply } from "./answer-lm.ts";

/** The reply up to the first stop, for servers that do not know `stop`; white space around it is dropped. */
export function readOpenAnswer(text: string, stop: readonly string[]): string {
  const begun = text.trimStart();
  const ends = stop.map((mark) => begun.indexOf(mark)).filter((position) => position !== -1);
  return begun.slice(0, Math.min(begun.length, ...ends)).trimEnd();
}

/**
 * The letter an LM chose. With log-probabilities of the first token: the letter whose token is likeliest, a missing one
 * counting as impossible (AAR's code: -100), ties to the earlier letter. Without, or when no letter is among them: the first
 * letter of the reply that stands alone. Undefined when there is none, which counts as wrong.
 */
export function readChoice({ text, firstToken }: AnswerReply, letters: readonly string[]): string | undefined {
  let best: { readonly letter: string; readonly logprob: number } | undefined;
  for (const letter of letters) {
    const forms = [...(firstToken ?? [])].filter(([token]) => token.trim() === letter);
    const logprob = Math.max(-Infinity, ...forms.map(([, value]) => value));
    if (logprob > (best?.logprob ?? -Infinity)) {
      best = { letter, logprob };
    }
  }
  return (
    best?.letter ?? new RegExp(`(?<![\\p{L}\\p{N}])[${letters.join("")}](?![\\p{L}\\p{N}'’])`, "u").exec(text)?.[0]
  );
}
