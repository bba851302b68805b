import { describe, it } from "vitest";
import { cleanText, endSentence, latestYear } from "../../../../scripts/demo-corpus/clean-text.ts";

describe("cleanText", () => {
  it.for([
    ["list items", "A or B [X] ++ C or D [Y]", "A or B [X]; C or D [Y]"],
    ["paragraphs", "It began in 1960. ++ It went on.", "It began in 1960. It went on."],
    [
      "shares of a population",
      " ++ urban: 97.5% of population ++ rural: 75.8% of population",
      "urban 97.5% of population; rural 75.8% of population",
    ],
    ["a marker before the year", "-35.4% ++  (2014 est.)", "-35.4% (2014 est.)"],
    [
      "a note",
      "Amsterdam; note - The Hague is the seat of government",
      "Amsterdam. Note: The Hague is the seat of government",
    ],
    ["a note inside brackets", "a court (of 9 judges; note - all men)", "a court (of 9 judges; note - all men)"],
    [
      "a note after a line break",
      "Hindu \nnote: officially atheist (2010 est.)\n\n",
      "Hindu. Note: officially atheist (2010 est.)",
    ],
    ["a caption without its chart", "Muslim 99% \nreligious affiliation:\n\n          \n\n", "Muslim 99%"],
    ["typographic signs", "Angola’s “Watch List” – x", `Angola's "Watch List" - x`],
    ["lost letters", "Bir\uFFFDtono, Radvili\uFFFDkis", "Birstono, Radviliskis"],
    ["missing figures", "NA%; 3.6% (2012 est.)", "3.6% (2012 est.)"],
    ["stops in a row", "the end.. More,. and so", "the end. More. and so"],
  ] as const)("cleans %s", ([, raw, expected], { expect }) => {
    expect(cleanText(raw)).toBe(expected);
  });
});

describe("latestYear", () => {
  it("keeps the first of a series of years", ({ expect }) => {
    expect(latestYear("$29 billion (2014 est.); $28 billion (2013 est.)")).toBe("$29 billion (2014 est.)");
    expect(latestYear("4.25% (31 December 2010); 4% (31 December 2009)")).toBe("4.25% (31 December 2010)");
  });

  it("leaves other lists alone", ({ expect }) => {
    expect(latestYear("tropical; warm winters; hot summers (2013)")).toBe("tropical; warm winters; hot summers (2013)");
  });
});

describe("endSentence", () => {
  it("adds a full stop, after a bracket too, but not a second one", ({ expect }) => {
    expect(["a", "a (2015 est.)", "a.", `he said "a."`].map(endSentence)).toEqual([
      "a.",
      "a (2015 est.).",
      "a.",
      `he said "a."`,
    ]);
  });
});
