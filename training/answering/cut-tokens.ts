/** English text has about three words for four tokens. */
const WORDS_A_TOKEN = 0.75;

/**
 * The beginning of a text that has about so many tokens, cut between words. An LM behind an API does not lend its
 * tokeniser, so tokens are counted as 4/3 a word.
 */
export function cutTokens(text: string, tokens: number): string {
  const words = Math.ceil(tokens * WORDS_A_TOKEN);
  const end = new RegExp(`^\\s*(?:\\S+\\s+){${words - 1}}\\S+`, "u").exec(text);
  return end?.[0] ?? text;
}
