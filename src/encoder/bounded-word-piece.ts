import type { WordPiece } from "@huggingface/tokenizers";

/**
 * Greedy longest-match-first over a library model's vocabulary, as the model itself does it, but trying no piece longer than
 * the vocabulary's longest token. The library tries every end of a word for every start: a query of 8,000 characters made of
 * 100-letter words costs it a second, here some milliseconds.
 */
export function boundedWordPiece({
  config,
  tokens_to_ids: vocabulary,
  unk_token: unknown,
}: WordPiece): WordPiece["encode"] {
  const prefix = config.continuing_subword_prefix ?? "";
  const maxWordCharacters = config.max_input_chars_per_word ?? 100;
  let longest = 0;
  for (const token of vocabulary.keys()) {
    longest = Math.max(longest, token.length);
  }

  /** The pieces of a word, undefined when it is too long or when some part of it is in no token. */
  function split(word: string): string[] | undefined {
    const ends = characterEnds(word);
    if (ends.length - 1 > maxWordCharacters) {
      return undefined;
    }
    const pieces: string[] = [];
    let start = 0;
    while (start < ends.length - 1) {
      let end = Math.min(ends.length - 1, start + longest);
      let piece = "";
      for (; end > start; end -= 1) {
        piece = (start > 0 ? prefix : "") + word.slice(ends[start], ends[end]);
        if (vocabulary.has(piece)) {
          break;
        }
      }
      if (end === start) {
        return undefined;
      }
      pieces.push(piece);
      start = end;
    }
    return pieces;
  }

  return (words) => words.flatMap((word) => split(word) ?? [String(unknown)]);
}

/** Where each character of a word ends, in code units, after a leading 0. */
function characterEnds(word: string): number[] {
  const ends = [0];
  let end = 0;
  for (const character of word) {
    end += character.length;
    ends.push(end);
  }
  return ends;
}
