import { describe, test } from "vitest";
import { questionFacets } from "../../../../src/generation/extractive/question-facets.ts";

const standalone = (question: string): string[] => questionFacets(question).map((facet) => facet.standalone);

describe("questionFacets", () => {
  test.for<[question: string, facets: string[]]>([
    ["Which country has the longest coastline?", ["Which country has the longest coastline?"]],
    [
      "What is the capital of Burkina Faso and how many people live there?",
      ["What is the capital of Burkina Faso", "population? (Burkina Faso)"],
    ],
    [
      "what is the capital of burkina faso and how many people live there",
      ["what is the capital of burkina faso", "population (burkina faso)"],
    ],
    [
      "What is the area of Chad? Who rules it?",
      ["What is the area of Chad?", "chief of state, head of government of it? (Chad)"],
    ],
    ["Name the capital of Peru, and its currency", ["Name the capital of Peru", "its currency (Peru)"]],
    ["What do the Swiss export; what do they import?", ["What do the Swiss export", "what do they import? (Swiss)"]],
    [
      "Trade between Bosnia and Herzegovina and its neighbours",
      ["Trade between Bosnia and Herzegovina", "its neighbours (Bosnia and Herzegovina)"],
    ],
    ["exports and imports of Trinidad and Tobago", ["exports and imports of Trinidad and Tobago"]],
    ["What is the area of Chad? What is its climate?", ["What is the area of Chad?", "What is its climate? (Chad)"]],
    ["where is Nauru", ["location of Nauru"]],
    ["How long is the coast of Peru?", ["length of the coast of Peru?"]],
    ["How many people speak French in Mali?", ["How many people speak French in Mali?"]],
    ["How many people are there in Mali?", ["population Mali?"]],
    ["ブルキナファソの首都はどこですか？", ["ブルキナファソの首都はどこですか？"]],
    ["", [""]],
    ["???", ["???"]],
  ])("%j asks for %j", ([question, facets], { expect }) => {
    expect(standalone(question)).toEqual(facets);
  });

  test("a question that leans on earlier ones is about what they are about", ({ expect }) => {
    const facets = questionFacets("And its main export partners?", ["What is the GDP per capita of Norway?"]);
    expect(facets.map((facet) => facet.standalone)).toEqual(["its main export partners? (GDP, Norway)"]);
    expect(questionFacets("and its area?", ["what is the gdp of chad?"])[0]?.standalone).toBe("its area? (chad)");
    expect(questionFacets("And that of Mali?", ["What is the GDP of Chad?"])[0]?.standalone).toBe("And that of Mali?");
  });

  test("a question of very many parts is taken as one", ({ expect }) => {
    const question = "What is A? What is B? What is C? What is D? What is E?";
    expect(standalone(question)).toEqual([question]);
  });
});
