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
