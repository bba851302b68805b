import { readFileSync } from "node:fs";
import path from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import * as fc from "fast-check";
import { describe, test } from "vitest";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";
import { anyText } from "../../support/any-text.ts";
import { tinyTokenizerJson } from "../../support/tiny-tokenizer.ts";

interface OptionsFixture {
  readonly characters: string;
  readonly combinations: readonly Readonly<Record<string, boolean | null>>[];
  /** By cut (words with a space between), the numbers of the combinations that give it. */
  readonly texts: readonly { readonly text: string; readonly cuts: Readonly<Record<string, readonly number[]>> }[];
}

const root = path.resolve(import.meta.dirname, "../../..");
const readJson = (file: string): unknown => JSON.parse(readFileSync(path.join(root, file), "utf8"));
const fixture = readJson("test/fixtures/tokenizer/bert-options.json") as OptionsFixture;
const tokens = ["[UNK]", ...Array.from(fixture.characters).flatMap((character) => [character, `##${character}`])];

/** A BERT tokenizer.json whose tokens are single characters, so that ids tell the words. */
function characterTokenizer(options: OptionsFixture["combinations"][number]): Record<string, unknown> {
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return tinyTokenizerJson({
    added_tokens: [],
    post_processor: null,
    normalizer: { type: "BertNormalizer", ...options },
    model: { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", vocab },
  });
}

describe("BertNormalizer's options cut words as in Hugging Face's Rust tokenizers", () => {
  test.for(fixture.combinations.map((options, number) => ({ options, number })))(
    "$options.lowercase $options.strip_accents $options.handle_chinese_chars $options.clean_text",
    ({ options, number }, { expect }) => {
      const tokenizer = createTokenizer(characterTokenizer(options));
      const expected = fixture.texts.map(({ text, cuts }) => {
        const [cut] = Object.entries(cuts).find(([, numbers]) => numbers.includes(number)) ?? [];
        return { text, cut };
      });
      const found = fixture.texts.map(({ text }) => {
        const words = tokenizer.encode(text, Infinity).map((id) => tokens[id]);
        return { text, cut: words.join(" ").replaceAll(" ##", "") };
      });
      expect(found).toEqual(expected);
    },
  );
});

describe("ids equal those of @huggingface/tokenizers as it is, for any text", () => {
  /** What the library differs in from the Rust original, and ours does not. */
  const KNOWN = /[Σ\u{20000}-\u{2fa1f}\u0085\ufeff]/u;
  const text = fc
    .array(
      fc.oneof(
        fc.string({ unit: "grapheme", maxLength: 12 }),
        anyText({ maxLength: 6 }),
        fc.constantFrom(" ", "the ", "retrieval", "[SEP]", "İstanbul", "naïve", "北京", "don't", "\t", "\u0301"),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join("").replaceAll(new RegExp(KNOWN, "gu"), " "));

  test.for([
    { what: "the shipped vocabulary", json: readJson("src/assets/encoder/tokenizer.json") },
    ...[0, 1, 9, 15].map((number) => ({
      what: `characters, options ${number}`,
      json: characterTokenizer(fixture.combinations[number] ?? {}),
    })),
  ])("$what", ({ json }, { expect }) => {
    const ours = createTokenizer(json);
    const theirs = new Tokenizer(json as ConstructorParameters<typeof Tokenizer>[0], {});
    fc.assert(
      fc.property(text, (sample) => {
        expect(ours.encode(sample, Infinity)).toEqual(theirs.encode(sample).ids);
      }),
      { numRuns: 200 },
    );
  });
});
