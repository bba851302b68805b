/** A piece of a text, `text.slice(start, end)`, and its tokens. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
}

export interface CutToTokensOptions {
  readonly maxTokens: number;
  readonly countTokens: (text: string) => number;
}

/** Characters of a first guess: more than most text has to a token, so that a guess rarely has to grow. */
const CHARACTERS_PER_TOKEN = 5;

/** Cuts a text that has no better place to be cut: at spaces, or inside a word that alone is too long. */
export function cutToTokens(text: string, { maxTokens, countTokens }: CutToTokensOptions): Piece[] {
  const pieces: Piece[] = [];
  let start = skipSpace(text, 0);
  while (start < text.length) {
    let length = Math.min(text.length - start, maxTokens * CHARACTERS_PER_TOKEN);
    let end = cutAtSpace(text, start, start + length);
    let tokens = countTokens(text.slice(start, end));
    while (tokens > maxTokens && length > 1) {
      length = Math.max(1, Math.min(length - 1, Math.floor(((end - start) * maxTokens) / (tokens + 1))));
      end = cutAtSpace(text, start, start + length);
      tokens = countTokens(text.slice(start, end));
    }
    pieces.push({ start, end, tokens });
    start = skipSpace(text, end);
  }
  return pieces;
}

/** The last space before `end`, or `end` itself where the word goes back to `start`; never between surrogates. */
function cutAtSpace(text: string, start: number, end: number): number {
  if (end >= text.length) {
    return text.length;
  }
  for (let cut = end; cut > start; cut -= 1) {
    if (isSpace(text.charCodeAt(cut))) {
      return cut;
    }
  }
  if (!isHighSurrogate(text.charCodeAt(end - 1))) {
    return end;
  }
  return end - start > 1 ? end - 1 : end + 1;
}

function skipSpace(text: string, from: number): number {
  let position = from;
  while (position < text.length && isSpace(text.charCodeAt(position))) {
    position += 1;
  }
  return position;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d || code === 0xa0 || code === 0x3000;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
