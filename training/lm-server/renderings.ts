import type { LocalLm, ScoredToken } from "../llama/local-lm.ts";
import type { TextPiece } from "./generate-text.ts";

/** OpenAI's `logprobs` of a chat choice. */
export function chatLogProbs(lm: LocalLm, tokens: readonly ScoredToken[]): unknown {
  const entry = ({ token, logProb }: { readonly token: number; readonly logProb: number }): Record<string, unknown> => {
    const text = lm.decode([token]);
    return { token: text, logprob: logProb, bytes: [...Buffer.from(text)] };
  };
  return {
    content: tokens.map((token) => ({ ...entry(token), top_logprobs: token.top.map(entry) })),
    refusal: null,
  };
}

export interface CompletionLogProbsOptions {
  /** Characters before the first of the tokens. */
  readonly offset: number;
  /** The token that has nothing before it, told without a probability: the first of an echoed prompt. */
  readonly unscored?: number | undefined;
}

/** OpenAI's `logprobs` of a legacy completion. Offsets count characters, as servers written in Python do. */
export function completionLogProbs(
  lm: LocalLm,
  scored: readonly ScoredToken[],
  { offset, unscored }: CompletionLogProbsOptions,
): unknown {
  const tokens: { readonly token: number; readonly logProb: number | null; readonly top: ScoredToken["top"] }[] = [
    ...(unscored === undefined ? [] : [{ token: unscored, logProb: null, top: [] }]),
    ...scored,
  ];
  const ids = tokens.map(({ token }) => token);
  return {
    tokens: ids.map((token) => lm.text([token])),
    token_logprobs: tokens.map(({ logProb }) => logProb),
    top_logprobs: tokens.map(({ logProb, top }) =>
      logProb === null ? null : Object.fromEntries(top.map((entry) => [lm.text([entry.token]), entry.logProb])),
    ),
    // A character may be several tokens: each begins where the last whole character before it ends.
    text_offset: ids.map(
      (_, index) => offset + Array.from(lm.text(ids.slice(0, index)).replace(/\uFFFD+$/u, "")).length,
    ),
  };
}

/** All pieces as one, and how many tokens of it were generated. */
export function joinPieces(pieces: readonly TextPiece[]): JoinedPieces {
  return {
    text: pieces.map(({ text }) => text).join(""),
    tokens: pieces.flatMap(({ tokens }) => tokens),
    finish: pieces.at(-1)?.finish ?? "length",
    generated: pieces.reduce((sum, piece) => sum + generatedTokens(piece), 0),
  };
}

interface JoinedPieces extends Required<Pick<TextPiece, "text" | "tokens" | "finish">> {
  readonly generated: number;
}

export function generatedTokens({ tokens, isPrompt }: TextPiece): number {
  return isPrompt === true ? 0 : tokens.length;
}

export function usageOf(promptTokens: number, completionTokens: number): Record<string, number> {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
