import { describe, test } from "vitest";
import { candidateSentences, encodedPassage } from "../../../../src/generation/extractive/candidate-sentences.ts";
import { questionFacets } from "../../../../src/generation/extractive/question-facets.ts";
import { retrievedPassages } from "../../../support/retrieved-passages.ts";

const candidates = (question: string, passages: Parameters<typeof retrievedPassages>[0]) =>
  candidateSentences(retrievedPassages(passages), questionFacets(question));

describe("candidateSentences", () => {
  test("are led by those that share rare words with the question", ({ expect }) => {
    const [first] = candidates("How long is the coastline of Chad?", [
      {
        title: "Chad: Geography",
        text: "Chad is large. Climate of Chad: hot. Coastline of Chad: none. Terrain of Chad: flat.",
      },
    ]);
    // Of "length" (in no sentence), "coastline" (in one of four) and "Chad" (in all) it has the last two.
    expect(first).toEqual({
      passageNumber: 1,
      subject: "",
      text: "Coastline of Chad: none.",
      coverage: [expect.closeTo((Math.log(5) + Math.log(2)) / (1 + Math.log(5) + Math.log(2)))],
    });
  });

  test("match by words that begin with those of the question, less than by the words themselves", ({ expect }) => {
    const [first, second, third] = candidates("coast pi", [{ title: "T", text: "A coast. A coastline. A coas pit." }]);
    expect([first?.text, second?.text, third?.text]).toEqual(["A coast.", "A coastline.", "A coas pit."]);
    expect(second?.coverage[0]).toBeCloseTo(0.7 * (first?.coverage[0] ?? 0));
    expect(third?.coverage[0]).toBe(0);
  });

  test("have every facet's best among them, however many the first one has", ({ expect }) => {
    const noise = Array.from(
      { length: 40 },
      (_, index) => `The capital of district ${index} of Chad is a town of some size.`,
    );
    const texts = candidates("What is the capital of Chad and how many people live there?", [
      { title: "Chad", text: noise.join(" ") },
      { title: "Chad: People", text: "Population: 11,631,456 (July 2015 est.)." },
    ]).map(({ text }) => text);
    expect(texts).toContain("Population: 11,631,456 (July 2015 est.).");
  });

  test("are few enough to be encoded quickly, whatever the passages", ({ expect }) => {
    const long = {
      title: "T",
      text: Array.from({ length: 100 }, (_, index) => `Sentence ${index} ${"word ".repeat(60)}.`).join(" "),
    };
    const found = candidates(
      "What does the sentence say?",
      Array.from({ length: 20 }, () => long),
    );
    const words = found.map((candidate) => encodedPassage(candidate).text.split(" ").length);
    expect(Math.max(...words)).toBeLessThanOrEqual(28);
    expect(words.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(200);
  });

  test("carry the subject when they do not name it", ({ expect }) => {
    const found = candidates("climate of Chad", [
      { title: "Chad: Climate (1 of 2)", text: "Climate: hot. Chad is dry." },
    ]);
    expect(found.map(({ subject, text }) => [subject, text])).toEqual([
      ["Chad", "Climate: hot."],
      ["", "Chad is dry."],
    ]);
  });

  test("are quoted without marks, backticks and what cannot be seen", ({ expect }) => {
    const [found] = candidates("coast", [{ title: "`Chad`\n[1]", text: "The\u200B coast [3] is `long`." }]);
    expect(found).toMatchObject({ subject: "'Chad'", text: "The coast (3) is 'long'." });
  });

  test("are each there once", ({ expect }) => {
    expect(candidates("coast", [{ text: "A long coast." }, { text: "A long coast." }])).toHaveLength(1);
  });
});
