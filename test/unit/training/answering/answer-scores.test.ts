import { describe, it } from "vitest";
import { exactMatch, substringAccuracy, tokenF1 } from "../../../../training/answering/answer-scores.ts";

describe("substringAccuracy", () => {
  it.for([
    ["He was a politician.", ["politician"], 1],
    ["politics", ["pol"], 1], // short answers match inside words, as in the paper
    ["the united states", ["United States"], 1], // in lower case
    ["It is Film director", ["film Director"], 1], // capitalize: first letter up, the rest down
    ["JOURNALIST", ["journalist"], 0], // the prediction keeps its case
    ["an answer", ["other", "answer"], 1],
    ["", ["x"], 0],
    ["x", [], 0],
  ] as const)("%j against %j is %d", ([prediction, answers, expected], { expect }) => {
    expect(substringAccuracy(prediction, answers)).toBe(expected);
  });
});

describe("exactMatch", () => {
  it.for([
    ["The  Beatles!", ["beatles"], 1],
    ["Beatles, the band", ["beatles"], 0],
    ["3", ["three", "3."], 1],
  ] as const)("%j against %j is %d", ([prediction, answers, expected], { expect }) => {
    expect(exactMatch(prediction, answers)).toBe(expected);
  });
});

describe("tokenF1", () => {
  it("is worked by hand: 2 common words of 3 and 4", ({ expect }) => {
    expect(tokenF1("big red dog", ["a red dog runs home"])).toBeCloseTo((2 * (2 / 3) * (2 / 4)) / (2 / 3 + 2 / 4), 12);
  });

  it("counts words as a multiset and takes the best answer", ({ expect }) => {
    expect(tokenF1("no no no", ["no"])).toBeCloseTo(0.5, 12);
    expect(tokenF1("no no no", ["no", "no no"])).toBeCloseTo(0.8, 12);
  });

  it("is 0 without a common word and 1 when both sides are empty", ({ expect }) => {
    expect([tokenF1("yes", ["no"]), tokenF1("", ["no"]), tokenF1("the", ["a"])]).toEqual([0, 0, 1]);
  });
});
