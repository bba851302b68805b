import * as fc from "fast-check";
import { describe, test } from "vitest";
import type { Citation } from "../../../src/rag/answer-event.ts";
import { CitationParser } from "../../../src/rag/citations.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";

const PASSAGES = retrievedPassages(["one", "two", "three", "four", "five"].map((title) => ({ title })));

function parse(pieces: readonly string[]): Citation[] {
  const parser = new CitationParser(PASSAGES);
  return [...pieces.flatMap((piece) => [...parser.push(piece)]), ...parser.end()];
}

/** Citations as "number:marked text". */
function marks(text: string): string[] {
  return parse([text]).map(
    ({ passageNumber, startIndex, endIndex }) => `${passageNumber}:${text.slice(startIndex, endIndex)}`,
  );
}

describe("CitationParser", () => {
  test.for<[text: string, expected: string[]]>([
    ["Canada [1].", ["1:[1]"]],
    ["[2] first", ["2:[2]"]],
    ["at the end [5]", ["5:[5]"]],
    ["both [1][2].", ["1:[1]", "2:[2]"]],
    ["list [1, 3] and [2;4]", ["1:[1, 3]", "3:[1, 3]", "2:[2;4]", "4:[2;4]"]],
    ["range [1-3], en dash [4–5]", ["1:[1-3]", "2:[1-3]", "3:[1-3]", "4:[4–5]", "5:[4–5]"]],
    ["same twice [1, 1]", ["1:[1, 1]"]],
    ["spaces [ 2 ]", ["2:[ 2 ]"]],
    ["glued to a word[3].", ["3:[3]"]],
    ["nested [[4]]", ["4:[4]"]],
    ["broken [1 [2]", ["2:[2]"]],
    ["emoji 🍁🇨🇦 [1] 𝔘 [2]", ["1:[1]", "2:[2]"]],
    ["several\n\nparagraphs [1]\n[2]", ["1:[1]", "2:[2]"]],
    ["one known [1, 9]", ["1:[1, 9]"]],
  ])("finds %j", ([text, expected], { expect }) => {
    expect(marks(text)).toEqual(expected);
  });

  test.for([
    "unknown [6], [0], [12345]",
    "a year [2023]",
    "an open range [4-9]",
    "backwards [3-1]",
    "empty [] and [,] and [1,]",
    "words [see 1]",
    "escaped \\[1]",
    "never closed [1",
    "over a line [1\n]",
    "a link [1](https://example.org)",
    "an image ![1](https://example.org/a.png)",
    "[1]: https://example.org",
    "inline `a[1]` code",
    "double ``b[1] ` [2]`` run",
    "```js\na[1]\n```",
    "```\n[1]\n[2] never closed",
    "~~~~\n[1]\n~~~\n[2]\n~~~~",
    "  ```\n  [1]\n  ```",
    "> ```\n> [1]\n> ```",
    "``` a[1]",
    `too long [${"1,".repeat(40)}1]`,
  ])("leaves %j as text", (text, { expect }) => {
    expect(marks(text)).toEqual([]);
  });

  test.for<[text: string, expected: string[]]>([
    ["`code` [1]", ["1:[1]"]],
    ["`a[2]`[1]", ["1:[1]"]],
    ["```\na[2]\n```\n[1]", ["1:[1]"]],
    ["```js\n[2]\n``` \nthen [1]", ["1:[1]"]],
    ["```a[2]``` [1]", ["1:[1]"]],
    ["~ about [1]", ["1:[1]"]],
    ["Hawai`i [1] has no closing backtick", ["1:[1]"]],
    ["Hawai`i [1]\n\nnext paragraph `x[2]` [3]", ["1:[1]", "3:[3]"]],
    ["an escaped \\` backtick [1] and `x[2]`", ["1:[1]"]],
    ["see [1]: it says", ["1:[1]"]],
    ["[1] (in brackets)", ["1:[1]"]],
  ])("tells code and links from text in %j", ([text, expected], { expect }) => {
    expect(marks(text)).toEqual(expected);
  });

  test("gives passage and exact UTF-16 indices", ({ expect }) => {
    expect(parse(["🍁 Canada [2]."])).toEqual([
      { passageNumber: 2, passageId: "p2", title: "two", url: "https://example.org/p2", startIndex: 10, endIndex: 13 },
    ]);
  });

  test("cites a passage without a URL by its id", ({ expect }) => {
    const parser = new CitationParser(retrievedPassages([{ url: "" }]));
    expect(parser.push("so [1].")).toMatchObject([{ passageId: "p1", url: "p1" }]);
  });

  test("reports a citation with the piece that follows its mark", ({ expect }) => {
    const parser = new CitationParser(PASSAGES);
    expect(parser.push("so it is [1")).toEqual([]);
    expect(parser.push("]")).toEqual([]);
    expect(parser.push(".")).toHaveLength(1);
    expect(parser.end()).toEqual([]);
  });

  const signs = "[ ] ( ) 1 2 5 9 , - – : ` `` ``` ~~~ \\ a 🍁 é > [1] [2][3] [1](u) text".split(" ");
  const markdown = fc
    .array(fc.constantFrom(" ", "\n", "\n\n", "\t", "> ", "[1, 2]", ...signs), { maxLength: 40 })
    .map((parts) => parts.join(""));

  test("gives the same citations however the text is split", ({ expect }) => {
    fc.assert(
      fc.property(markdown, fc.array(fc.nat(60), { maxLength: 12 }), (text, cuts) => {
        const bounds = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
        const pieces = bounds.slice(1).map((end, index) => text.slice(bounds[index], end));
        expect(pieces.join("")).toBe(text);
        expect(parse(pieces)).toEqual(parse([text]));
      }),
      { numRuns: 5_000 },
    );
  });

  test("gives the same citations one code unit at a time", ({ expect }) => {
    fc.assert(
      fc.property(markdown, (text) => {
        expect(parse(text.split(""))).toEqual(parse([text]));
      }),
      { numRuns: 2_000 },
    );
  });

  test("covers nothing but well-formed marks of known passages, in order", ({ expect }) => {
    fc.assert(
      fc.property(markdown, (text) => {
        let last = 0;
        for (const { startIndex, endIndex, passageNumber, passageId } of parse([text])) {
          expect(text.slice(startIndex, endIndex)).toMatch(/^\[[\d ,;–-]+\]$/u);
          expect(passageId).toBe(`p${passageNumber}`);
          expect(startIndex).toBeGreaterThanOrEqual(last);
          last = startIndex;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("finds every mark of a text without Markdown", ({ expect }) => {
    const prose = fc
      .array(fc.constantFrom("[1]", "[3]", "word ", "end. ", "🍁"), { maxLength: 30 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(prose, (text) => {
        const expected = [...text.matchAll(/\[(\d)\]/gu)].map((match) => `${match[1] ?? ""}@${match.index}`);
        const found = parse([text]).map(({ passageNumber, startIndex }) => `${passageNumber}@${startIndex}`);
        expect(found).toEqual(expected);
      }),
    );
  });

  test("reads a megabyte of brackets in linear time", ({ expect }) => {
    const started = performance.now();
    expect(parse(["[1".repeat(250_000), "`[".repeat(250_000)])).toEqual([]);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  describe("insert", () => {
    test("puts a mark where the provider cited", ({ expect }) => {
      const parser = new CitationParser(PASSAGES);
      parser.push("Canada has it.");
      expect(parser.insert(2)).toMatchObject({ text: " [2]", citations: [{ startIndex: 15, endIndex: 18 }] });
      expect(parser.insert(3)).toMatchObject({ text: "[3]", citations: [{ startIndex: 18, endIndex: 21 }] });
    });

    test("does not read the text after an inserted mark as a link", ({ expect }) => {
      const parser = new CitationParser(PASSAGES);
      expect(parser.insert(1).citations).toHaveLength(1);
      expect([...parser.push("(sic)"), ...parser.end()]).toEqual([]);
    });
  });
});
