import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, test } from "vitest";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";
import type { Section } from "../../../src/ingestion/reading/section.ts";
import { splitPassages, type SplitPassagesOptions } from "../../../src/ingestion/split-passages.ts";
import { ftsHostileText } from "../../support/fts-hostile-text.ts";

const words = (text: string): number => text.match(/\S+/g)?.length ?? 0;
const tokenizer = createTokenizer(JSON.parse(readFileSync("src/assets/encoder/tokenizer.json", "utf8")));
const countTokens = (text: string): number => tokenizer.countTokens(text);

function split(text: string, options: Partial<SplitPassagesOptions> & { readonly headings?: readonly string[] } = {}) {
  const { headings = [], ...more } = options;
  return [...splitPassages([{ headings, text }], { title: "", maxTokens: 20, countTokens: words, ...more })];
}

const sentence = (index: number, length = 6): string =>
  [`S${index}`, ...Array.from({ length: length - 2 }, () => "word"), "end."].join(" ");
const sentences = (count: number, length?: number): string =>
  Array.from({ length: count }, (_sentence, index) => sentence(index, length)).join(" ");

describe("splitPassages", () => {
  test("cuts between sentences, into passages of about one length", ({ expect }) => {
    // 7 sentences of 6 words: three would fit each, and the seventh be a remnant of one.
    expect(split(sentences(7)).map(({ text }) => words(text))).toEqual([18, 12, 12]);
    expect(split(sentences(3))).toEqual([{ title: "", text: sentences(3) }]);
  });

  test("never across a heading, and each passage has its path of titles", ({ expect }) => {
    const sections: Section[] = [
      { headings: [], text: "Before." },
      { headings: ["Keys"], text: "About keys." },
      { headings: ["Keys", "Rotation"], text: "Often." },
      { headings: ["Keys", "Empty"], text: " \n " },
    ];
    expect([...splitPassages(sections, { title: "Handbook", maxTokens: 40, countTokens: words })]).toEqual([
      { title: "Handbook", text: "Before." },
      { title: "Handbook > Keys", text: "About keys." },
      { title: "Handbook > Keys > Rotation", text: "Often." },
    ]);
  });

  test("a title that takes too much room loses its middle, then its end", ({ expect }) => {
    const headings = ["a b c", "d e f", "g h"];
    expect(split("Text.", { title: "Book", headings, maxTokens: 24 })[0]?.title).toBe("Book > d e f > g h");
    expect(split("Text.", { title: "Book", headings, maxTokens: 16 })[0]?.title).toBe("Book > g h");
    expect(
      split("Text.", { title: "Book", headings: ["one two three four five six seven"], maxTokens: 16 })[0]?.title,
    ).toBe("one two three four five");
  });

  test("a sentence longer than a passage is cut at spaces, a word longer than one inside", ({ expect }) => {
    const long = Array.from({ length: 50 }, (_word, index) => `w${index}`).join(" ");
    const pieces = split(long).map(({ text }) => text);
    expect(pieces.join(" ")).toBe(long);
    expect(Math.max(...pieces.map(words))).toBeLessThanOrEqual(20);
    const blob = "x".repeat(5_000);
    expect(
      split(blob)
        .map(({ text }) => text)
        .join(""),
    ).toBe(blob);
    expect(Math.max(...split(blob).map(({ text }) => text.length))).toBeLessThanOrEqual(20 * 16);
  });

  test("an overlap repeats the last whole sentences of the passage before", ({ expect }) => {
    const passages = split(sentences(9), { overlapTokens: 6 }).map(({ text }) => text);
    for (const [index, passage] of passages.slice(1).entries()) {
      const last = passages[index]?.split(/(?<=\.) /).at(-1) ?? "";
      expect(passage.startsWith(last)).toBe(true);
    }
    expect(passages.at(-1)?.endsWith(sentence(8))).toBe(true);
  });

  test("keeps paragraphs and lines as they are inside of a passage", ({ expect }) => {
    const text = "One.\n\n- a\n- b\n\n\n\n\nLast line.";
    expect(split(text)).toEqual([{ title: "", text: "One.\n\n- a\n- b\n\nLast line." }]);
  });

  test("by the encoder's own tokens no passage with its title is longer than asked, and no letter is lost", ({
    expect,
  }) => {
    const text = fc
      .array(
        fc.oneof(
          ftsHostileText,
          fc.string({ unit: "grapheme", maxLength: 80 }),
          fc.lorem({ maxCount: 8, mode: "sentences" }),
          fc.constantFrom("\n\n", " ", "\n# ", "。今日は", "x".repeat(300)),
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join(" ").toWellFormed().replaceAll("\0", ""));
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 16, max: 64 }),
        fc.string({ maxLength: 60 }),
        (document, maxTokens, title) => {
          const passages = split(document, { maxTokens, title, countTokens });
          for (const passage of passages) {
            expect(countTokens(`${passage.title} ${passage.text}`)).toBeLessThanOrEqual(maxTokens + 2);
          }
          const letters = (input: string): string => input.replaceAll(/\s+/g, "");
          expect(letters(passages.map((passage) => passage.text).join(""))).toBe(letters(document));
        },
      ),
      { numRuns: 300 },
    );
  });
});
