import { readFileSync } from "node:fs";
import path from "node:path";
import { array, assert, constantFrom, integer, property, tuple } from "fast-check";
import { describe, test, vi } from "vitest";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";
import { tinyTokenizerJson } from "../../support/tiny-tokenizer.ts";

interface Golden {
  readonly text: string;
  readonly ids: readonly number[];
}

const root = path.resolve(import.meta.dirname, "../../..");
const readJson = (file: string): unknown => JSON.parse(readFileSync(path.join(root, file), "utf8"));
const bert = createTokenizer(readJson("src/assets/encoder/tokenizer.json"));

/**
 * U+11661 and U+0C84 became punctuation after Unicode 8. The Rust library, whose tables are of that time, reads them as
 * letters; JavaScript's are current. These two strings of the fixture hold them, and no others differ.
 */
const KNOWN_DIVERGENCES = [/\u{11661}/u, /\u0c84/u];

describe("ids of Hugging Face's Rust tokenizers", () => {
  const { texts } = readJson("test/fixtures/tokenizer/bert-uncased.json") as { texts: readonly Golden[] };
  const differing = (goldens: readonly Golden[]): string[] =>
    goldens.filter(({ text, ids }) => String(bert.encode(text, Infinity)) !== String(ids)).map(({ text }) => text);

  test("are reproduced, but for characters that Unicode reclassified", ({ expect }) => {
    const known = texts
      .map(({ text }) => text)
      .filter((text) => KNOWN_DIVERGENCES.some((pattern) => pattern.test(text)));
    expect(known.length).toBe(KNOWN_DIVERGENCES.length);
    expect(texts.length).toBeGreaterThan(400);
    expect(differing(texts)).toEqual(known);
  });
});

describe("truncation", () => {
  const tokenizer = createTokenizer(tinyTokenizerJson());
  const [cls, sep, the, cat] = [2, 3, 5, 6];

  test("keeps the special tokens and cuts the text on the right", ({ expect }) => {
    expect(tokenizer.encode("the cat sat.", 100)).toEqual([cls, the, cat, 7, 12, sep]);
    expect(tokenizer.encode("the cat sat.", 4)).toEqual([cls, the, cat, sep]);
    expect(tokenizer.encode("the cat sat.", 2)).toEqual([cls, sep]);
  });

  test("and padding configured in the file are ignored", ({ expect }) => {
    const shipped = createTokenizer(
      tinyTokenizerJson({
        truncation: { direction: "Right", max_length: 3, strategy: "LongestFirst", stride: 0 },
        padding: { strategy: { Fixed: 128 }, direction: "Right", pad_id: 0, pad_type_id: 0, pad_token: "[PAD]" },
      }),
    );
    expect(shipped.encode("the cat sat.", 100)).toEqual([cls, the, cat, 7, 12, sep]);
  });

  test("never changes the ids that remain, wherever a long text is cut before it is tokenised", ({ expect }) => {
    const fragments = [
      "the quick ",
      "é",
      "e\u0301",
      "\u0301",
      "a".repeat(99),
      "x".repeat(230),
      " ",
      "\n",
      "你好",
      "𠀀",
      "[MASK]",
      "[SE",
      "P] ",
      "-",
      "😀",
      "\ud83d",
      "ΑΣ",
      "ß",
      "\u200b",
      "don't ",
      "İ",
      "한국어",
    ];
    const text = tuple(
      array(constantFrom(...fragments), { minLength: 1, maxLength: 12 }),
      integer({ min: 1, max: 400 }),
    ).map(([parts, times]) => parts.join("").repeat(times));
    const sameIds = property(text, integer({ min: 2, max: 40 }), (long, maxLength) => {
      const whole = bert.encode(long, Infinity);
      const expected = whole.length <= maxLength ? whole : [...whole.slice(0, maxLength - 1), ...whole.slice(-1)];
      expect(bert.encode(long, maxLength)).toEqual(expected);
    });
    assert(sameIds, { numRuns: 60 });
  });

  test("spares most of a very long text from being tokenised", ({ expect }) => {
    const long = "Norway has a coastline of 25,148 km, fjords and islands included. ".repeat(2000);
    const whole = mapLookups(() => bert.countTokens(long));
    expect(mapLookups(() => bert.encode(long, 256))).toBeLessThan(whole / 20);
  });
});

test("a long word costs no more than its length", ({ expect }) => {
  const letters = 99;
  // Known letter by letter, but for the last: the library's own search goes over every start and end, then gives up.
  const hostile = `${"zq".repeat((letters - 1) / 2)}\u{13000} `;
  const longestToken = 18;
  expect(bert.countTokens(hostile.repeat(80))).toBe(80);
  expect(mapLookups(() => bert.countTokens(hostile))).toBeLessThan(letters * longestToken);
});

/** How often a run asks a map, such as the vocabulary, whether it has a key: its work, whatever the machine's load. */
function mapLookups(run: () => void): number {
  const has = vi.spyOn(Map.prototype, "has");
  try {
    run();
    return has.mock.calls.length;
  } finally {
    has.mockRestore();
  }
}

describe("any tokenizer file of the family", () => {
  test("without a post-processor adds nothing", ({ expect }) => {
    expect(createTokenizer(tinyTokenizerJson({ post_processor: null })).encode("the cat", 100)).toEqual([5, 6]);
  });

  test("with BERT's own post-processor puts its tokens around", ({ expect }) => {
    const processor = { type: "BertProcessing", sep: ["[SEP]", 3], cls: ["[CLS]", 2] };
    expect(createTokenizer(tinyTokenizerJson({ post_processor: processor })).encode("cat", 100)).toEqual([2, 6, 3]);
  });

  test("with a cased normaliser keeps case", ({ expect }) => {
    const normalizer = {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: false,
    };
    expect(createTokenizer(tinyTokenizerJson({ normalizer })).encode("Cat cat", 100)).toEqual([2, 13, 6, 3]);
  });

  test("tells its padding id", ({ expect }) => {
    expect(createTokenizer(tinyTokenizerJson({ padding: { pad_id: 4 } })).padId).toBe(4);
    expect(createTokenizer(tinyTokenizerJson()).padId).toBe(0);
  });

  test("counts tokens without special ones", ({ expect }) => {
    expect(createTokenizer(tinyTokenizerJson()).countTokens("the cats sat.")).toBe(5);
    expect(createTokenizer(tinyTokenizerJson()).countTokens("")).toBe(0);
  });

  test.for([
    { what: "not an object", json: [] },
    { what: "without a model", json: tinyTokenizerJson({ model: undefined }) },
    { what: "with a model of another kind", json: tinyTokenizerJson({ model: { type: "Tarot", vocab: {} } }) },
    {
      what: "whose template names an unknown token",
      json: tinyTokenizerJson({
        post_processor: {
          type: "TemplateProcessing",
          single: [{ SpecialToken: { id: "[X]", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
          pair: [],
          special_tokens: {},
        },
      }),
    },
  ])("refuses a file $what", ({ json }, { expect }) => {
    expect(() => createTokenizer(json)).toThrow(expect.objectContaining({ code: "invalid_artifact" }));
  });
});
