import * as fc from "fast-check";
import { describe, test } from "vitest";
import { splitSentences } from "../../../src/shared/sentences.ts";

describe("splitSentences", () => {
  test.for<[text: string, expected: string[]]>([
    [
      "Canada has 202,080 km of coast. Norway has 25,148 km.",
      ["Canada has 202,080 km of coast.", "Norway has 25,148 km."],
    ],
    [
      "Population: 18.9 million (2015 est.) and rising. It is young.",
      ["Population: 18.9 million (2015 est.) and rising.", "It is young."],
    ],
    [
      "Life expectancy is 55 years (2015 est.). Births are many.",
      ["Life expectancy is 55 years (2015 est.).", "Births are many."],
    ],
    ["Grown by U.S. farmers in St. Lucia. Sold.", ["Grown by U.S. farmers in St. Lucia.", "Sold."]],
    ["Lt. Jerry RAWLINGS took power. Dr. No did not.", ["Lt. Jerry RAWLINGS took power.", "Dr. No did not."]],
    ["Named after J. R. Smith. Who?", ["Named after J. R. Smith.", "Who?"]],
    ["A list:\ngold\ncotton", ["A list:", "gold", "cotton"]],
    ["Really?! Yes. “It is.” So.", ["Really?!", "Yes.", "“It is.”", "So."]],
    ["See e.g. Chad, i.e. the country. Then go.", ["See e.g. Chad, i.e. the country.", "Then go."]],
    ["(First inside. Second inside.) Outside.", ["(First inside. Second inside.)", "Outside."]],
    ["北京是首都。人口很多。", ["北京是首都。", "人口很多。"]],
    ["  \n\n ", []],
    ["", []],
  ])("%j", ([text, expected], { expect }) => {
    expect(splitSentences(text).map((sentence) => sentence.text)).toEqual(expected);
  });

  // Quadratic work on any of these takes minutes: then the test runs out of time.
  test.for<[name: string, unit: string]>([
    ["without a break", "x"],
    ["of full stops", "a."],
    ["of numbers", "3.14"],
    ["of abbreviations", "est. "],
    ["before lower-case letters", "Yes! and "],
    ["of brackets", "(Yes. "],
    ["of ideographs", "長"],
    ["of question marks", "？"],
    ["of carriage returns", "\r"],
  ])("200,000 characters %s are read once", ([, unit], { expect }) => {
    const text = `(x. Y${unit.repeat(200_000 / unit.length)}`;
    const said = splitSentences(text).map((sentence) => sentence.text);
    // Compared by hand: a difference between texts of this length is not to be printed.
    expect(said.join("").replaceAll(/\s/gu, "") === text.replaceAll(/\s/gu, "")).toBe(true);
  });

  test("an abbreviation before an unbroken run does not break it", ({ expect }) => {
    const run = "x".repeat(200_000);
    expect(splitSentences(`The est. ${run} is long. So is ${run}. End.`).map(({ text }) => text)).toEqual([
      `The est. ${run} is long.`,
      `So is ${run}.`,
      "End.",
    ]);
  });

  test("loses nothing but white space, and says where each sentence lies", ({ expect }) => {
    const prose = fc.array(fc.constantFrom("A", "b.", "U.S.", "(x.", ")", "?", "\n", " ", "12.5", "。", "é!", "est."), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(prose, (parts) => {
        const text = parts.join("");
        const sentences = splitSentences(text);
        expect(
          sentences
            .map((sentence) => sentence.text)
            .join("")
            .replaceAll(/\s/gu, ""),
        ).toBe(text.replaceAll(/\s/gu, ""));
        for (const { start, end, text: sentence } of sentences) {
          expect(text.slice(start, end)).toBe(sentence);
        }
      }),
    );
  });
});
