import { WordPiece } from "@huggingface/tokenizers";
import { array, assert, constantFrom, property } from "fast-check";
import { test } from "vitest";
import { boundedWordPiece } from "../../../src/encoder/bounded-word-piece.ts";

const tokens = ["[UNK]", "a", "ab", "abcd", "##a", "##b", "##cd", "##abc", "😀", "##😀", "é"];

function wordPiece(settings: { max_input_chars_per_word: number }): WordPiece {
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return new WordPiece({ type: "WordPiece", vocab, unk_token: "[UNK]", continuing_subword_prefix: "##", ...settings });
}

test("the longest match comes first, and a word with an unknown part is unknown as a whole", ({ expect }) => {
  const encode = boundedWordPiece(wordPiece({ max_input_chars_per_word: 100 }));
  expect(encode(["abcd", "abcda", "abx", "😀😀b", ""])).toEqual(["abcd", "abcd", "##a", "[UNK]", "😀", "##😀", "##b"]);
});

test("the limit counts characters, not code units", ({ expect }) => {
  const encode = boundedWordPiece(wordPiece({ max_input_chars_per_word: 3 }));
  expect(encode(["😀😀😀", "😀😀😀😀"])).toEqual(["😀", "##😀", "##😀", "[UNK]"]);
});

test("every word is split as the library splits it", ({ expect }) => {
  const letters = array(constantFrom("a", "b", "c", "d", "😀", "é", "x"), { minLength: 1, maxLength: 12 });
  const model = wordPiece({ max_input_chars_per_word: 9 });
  const sameSplit = property(array(letters), (words) => {
    const texts = words.map((word) => word.join(""));
    expect(boundedWordPiece(model)(texts)).toEqual(model.encode(texts));
  });
  assert(sameSplit, { numRuns: 500 });
});
