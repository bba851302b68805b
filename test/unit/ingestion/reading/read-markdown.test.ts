import * as fc from "fast-check";
import { describe, test } from "vitest";
import { readMarkdown } from "../../../../src/ingestion/reading/read-markdown.ts";

const read = (text: string) => [...readMarkdown(text).sections].map(({ headings, text: body }) => [headings, body]);

describe("readMarkdown", () => {
  test("cuts at headings of both kinds, and tells the path to each", ({ expect }) => {
    const text = "Intro.\n\n# A\n\none\n\n## B *b*\n\ntwo\n\nC [c](https://x.test)\n---\n\nthree\n\n# D #\n\nfour";
    expect(read(text)).toEqual([
      [[], "Intro."],
      [["A"], "one"],
      [["A", "B b"], "two"],
      [["A", "C c"], "three"],
      [["D"], "four"],
    ]);
  });

  test("takes a first heading of level 1 for the title, which is then no heading", ({ expect }) => {
    expect(readMarkdown("# The title\n\ntext\n\n## Part\n\nmore").title).toBe("The title");
    expect(read("# The title\n\ntext\n\n## Part\n\nmore")).toEqual([
      [[], "text"],
      [["Part"], "more"],
    ]);
    expect(readMarkdown("## Not a title\n\ntext").title).toBeUndefined();
  });

  test("a # in code is no heading, and code, lists, tables and quotes stay as written", ({ expect }) => {
    const body =
      "```sh\n# not a heading\nrm x\n```\n\n- a\n- b\n  - c\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\n> text";
    expect(read(`# T\n\n${body}\n\n    # indented code`)).toEqual([[[], `${body}\n\n    # indented code`]]);
  });

  test("reads documents longer than its window, and blocks longer than it, as one", ({ expect }) => {
    const code = `\`\`\`\n${"# x\n".repeat(60_000)}\`\`\``;
    const parts = Array.from(
      { length: 3_000 },
      (_part, index) => `## Part ${index}\n\nText of part ${index}, ${"word ".repeat(10)}end.`,
    );
    const sections = read(`${code}\n\n${parts.join("\n\n")}`);
    expect(sections[0]).toEqual([[], code]);
    expect(sections).toHaveLength(3_001);
    expect(sections.at(-1)).toEqual([["Part 2999"], `Text of part 2999, ${"word ".repeat(10)}end.`]);
  });

  test("what nests deeper than the parser goes is read as text", ({ expect }) => {
    const deep = ">".repeat(20_000);
    expect(read(`${deep} x`)).toEqual([[[], `${deep} x`]]);
  });

  test("no text is lost and none is an error, whatever it is", ({ expect }) => {
    const piece = fc.constantFrom(
      "# ",
      "## a\n",
      "word",
      "\n",
      "\n\n",
      "```",
      "---",
      "> ",
      "- ",
      "| a |",
      "[x](",
      "*",
      "`",
      "<b>",
      "  ",
      "1. ",
      "&amp;",
      "\t",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join("");
        const words = (input: string): number => input.split("word").length;
        const sections = read(text);
        const found = sections.flat(2).join("\n") + (readMarkdown(text).title ?? "");
        // A heading stands above every section below it, so a word of one may be there several times.
        expect(words(found)).toBeGreaterThanOrEqual(
          sections.length === 0 ? 1 : Math.min(words(text), words(text.replaceAll(/^#.*$/gm, ""))),
        );
      }),
    );
  });

  test("keeps what nests deeper than the parser is asked to look, as it is written", ({ expect }) => {
    const deep = `${"> ".repeat(40)}deep`;
    const { sections } = readMarkdown(`# T\n\nBefore.\n\n${deep}\n\nAfter.`);
    expect([...sections]).toEqual([{ headings: [], text: `Before.\n\n${deep}\n\nAfter.` }]);
  });
});
