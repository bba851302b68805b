import { describe, test } from "vitest";
import { estimateTokens } from "../../../src/shared/estimate-tokens.ts";

describe("estimateTokens", () => {
  test.for<[text: string, tokens: number]>([
    ["", 0],
    ["   ", 0],
    ["a", 1],
    ["Canada", 2],
    ["the coast", 2],
    ["202,080", 5],
    ["北京", 2],
    ["привет", 3],
    ["!?", 2],
  ])("%j is about %d", ([text, tokens], { expect }) => {
    expect(estimateTokens(text)).toBe(tokens);
  });

  test("adds up over a concatenation, within a token", ({ expect }) => {
    const text = "Ouagadougou is the capital of Burkina Faso; 3.2 million people live there. ";
    const difference = estimateTokens(text.repeat(100)) - 100 * estimateTokens(text);
    expect(Math.abs(difference)).toBeLessThanOrEqual(100);
  });
});
