const STOPWORDS = new Set(
  "a about an and any are as at be been being by can could did do does for from give had has have he her hers him his how i if in into is it its list many may me much my name no not of on or our she should so some such tell than that the their them then there these they this those to us was we were what when where which who whom whose why will with would you your".split(
    " ",
  ),
);

/** Letters of a word that count: "independent" and "independence" share them, "Internet" and "international" do not. */
const STEM_LENGTH = 7;

/** Content words of a text, folded (case, accents), singular (Harman's s-stemmer) and cut to their stem, in order. */
export function contentTerms(text: string): readonly string[] {
  const folded = text
    .normalize("NFKD")
    .replaceAll(/\p{M}+/gu, "")
    .toLowerCase();
  // "second-longest" is one word: it is not the longest.
  const words = folded.match(/\p{N}+(?:[.,]\p{N}+)*|\p{L}*(?:second|third|th)-\p{L}+|[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => !STOPWORDS.has(word)).map((word) => singular(word).slice(0, STEM_LENGTH));
}

function singular(word: string): string {
  if (word.length < 4 || !word.endsWith("s") || /(?:ss|us|is)$/u.test(word)) {
    return word;
  }
  return word.endsWith("ies") ? `${word.slice(0, -3)}y` : word.slice(0, -1);
}
