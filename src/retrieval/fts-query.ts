import { ENGLISH_STOP_WORDS } from "./stop-words.ts";

/**
 * bm25 visits every passage of every term: bounds the work of a pasted document. 32 terms take some 100 ms over 64,000
 * passages, and no question needs more.
 */
export const MAX_QUERY_TERMS = 32;

/**
 * Runs of what FTS5's unicode61 keeps in a token (letters, numbers, private use), with the marks that it drops or splits
 * at: the quotes then make a phrase of such pieces, which is what a Devanagari word needs.
 */
const TERM = /[\p{L}\p{N}\p{Co}\p{M}]+/gu;

/**
 * The distinct terms of any text, stop words dropped unless nothing else remains. Of too many the longest stay, which are the
 * rarest on the whole, so the end of a long text counts as much as its beginning.
 */
export function queryTerms(text: string): readonly string[] {
  const terms = new Set(text.toWellFormed().toLowerCase().match(TERM));
  const topical = [...terms].filter((term) => !ENGLISH_STOP_WORDS.has(term));
  const candidates = topical.length > 0 ? topical : [...terms];
  return candidates.length > MAX_QUERY_TERMS
    ? candidates.toSorted((a, b) => b.length - a.length).slice(0, MAX_QUERY_TERMS)
    : candidates;
}

/**
 * Turns any text into an FTS5 expression: each of its terms quoted, joined by OR. Undefined when the text has no term. Quoting
 * leaves FTS5 no syntax to see, so no input is a syntax error. Limit: unicode61 splits at spaces and punctuation only, so text
 * in scripts that write none (Chinese, Japanese, Thai) is found by whole runs of characters, and hybrid lives on the dense leg there.
 */
export function buildFtsQuery(text: string): string | undefined {
  const terms = queryTerms(text);
  return terms.length === 0 ? undefined : terms.map((term) => `"${term}"`).join(" OR ");
}
