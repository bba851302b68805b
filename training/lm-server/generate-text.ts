import type { LocalLm, ScoredToken } from "../llama/local-lm.ts";
import { CANDIDATES, sampleToken } from "./sample-token.ts";
import type { SampleTokenOptions } from "./sample-token.ts";

/** What decoding bytes of a character's beginning gives. */
const INCOMPLETE = "\uFFFD";

export interface GenerateTextOptions extends SampleTokenOptions {
  /** With the start token, where the LM has one. */
  readonly promptIds: readonly number[];
  readonly maxTokens: number;
  /** Texts that end the answer and are not part of it. */
  readonly stop: readonly string[];
  /** Most likely tokens told beside each. */
  readonly top: number;
  readonly signal: AbortSignal;
}

/** A piece of the answer as soon as it is certain, with the tokens that it came of; the last piece says why it ended. */
export interface TextPiece {
  readonly text: string;
  readonly tokens: readonly ScoredToken[];
  readonly finish?: "stop" | "length";
  /** An echoed prompt, not generated. */
  readonly isPrompt?: true;
}

/**
 * Generates token by token. Text is held back while it may be the beginning of a stop text or a character that is not whole, so
 * nothing is ever taken back. Stops when the signal is aborted.
 */
export async function* generateText(lm: LocalLm, options: GenerateTextOptions): AsyncGenerator<TextPiece> {
  const { promptIds, maxTokens, stop, top, signal } = options;
  const generated: number[] = [];
  let held: ScoredToken[] = [];
  let sent = 0;
  while (generated.length < maxTokens) {
    signal.throwIfAborted();
    const candidates = await lm.next([...promptIds, ...generated], Math.max(CANDIDATES, top));
    const chosen = sampleToken(candidates, options);
    if (lm.isEnd(chosen.token)) {
      yield { text: lm.decode(generated).slice(sent), tokens: held, finish: "stop" };
      return;
    }
    generated.push(chosen.token);
    held.push({ ...chosen, top: candidates.slice(0, top) });
    const text = lm.decode(generated);
    const stopAt = firstStop(text, stop);
    if (stopAt !== undefined) {
      yield { text: text.slice(sent, Math.max(sent, stopAt)), tokens: held, finish: "stop" };
      return;
    }
    const certain = text.endsWith(INCOMPLETE) ? sent : text.length - possibleStop(text, stop);
    if (certain > sent && generated.length < maxTokens) {
      yield { text: text.slice(sent, certain), tokens: held };
      sent = certain;
      held = [];
    }
  }
  yield { text: lm.decode(generated).slice(sent), tokens: held, finish: "length" };
}

function firstStop(text: string, stop: readonly string[]): number | undefined {
  const found = stop.map((marker) => text.indexOf(marker)).filter((index) => index !== -1);
  return found.length === 0 ? undefined : Math.min(...found);
}

/** Length of the longest end of the text that a stop text begins with. */
function possibleStop(text: string, stop: readonly string[]): number {
  let longest = 0;
  for (const marker of stop) {
    for (let length = Math.min(marker.length - 1, text.length); length > longest; length -= 1) {
      if (text.endsWith(marker.slice(0, length))) {
        longest = length;
      }
    }
  }
  return longest;
}
