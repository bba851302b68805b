import { describe, test } from "vitest";
import { contentTerms } from "../../../../src/generation/extractive/terms.ts";

describe("contentTerms", () => {
  test.for<[text: string, terms: string[]]>([
    ["What is the capital of Burkina Faso?", ["capital", "burkina", "faso"]],
    ["countries, cities, gas, glass, bus", ["country", "city", "gas", "glass", "bus"]],
    ["Independent since independence", ["indepen", "since", "indepen"]],
    ["São Tomé", ["sao", "tome"]],
    ["202,080 km (3.5 %)", ["202,080", "km", "3.5"]],
    ["the second-longest, not the longest", ["second-", "longest"]],
    ["well-known south-east", ["well", "known", "south-e"]],
    ["", []],
  ])("%j", ([text, terms], { expect }) => {
    expect(contentTerms(text)).toEqual(terms);
  });
});
