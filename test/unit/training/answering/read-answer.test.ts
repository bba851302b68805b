import { describe, it } from "vitest";
import { readChoice, readOpenAnswer } from "../../../../training/answering/read-answer.ts";

const LETTERS = ["A", "B", "C", "D"];
const reply = (text: string, firstToken?: Record<string, number>) => ({
  text,
  ...(firstToken === undefined ? {} : { firstToken: new Map(Object.entries(firstToken)) }),
  promptTokens: 0,
  completionTokens: 0,
});

describe("readChoice", () => {
  it.for([
    ["takes the likeliest letter, whatever the text says", "C", { " B": -0.5, " C": -1, " A": -2 }, "B"],
    ["takes either form of a letter", "", { A: -3, " A": -0.1, " B": -0.2 }, "A"],
    ["passes over tokens that are no letters", "", { " The": -0.1, " D": -4 }, "D"],
    ["falls back to the text when no letter has a probability", "(B)", { " The": -0.1 }, "B"],
    ["reads the first letter that stands alone", "Because D is right, not A.", undefined, "D"],
    ["does not read a letter inside a word", "Answer: C", undefined, "C"],
    ["finds none", "I do not know", undefined, undefined],
    ["finds none in an empty reply", "", undefined, undefined],
  ] as const)("%s", ([, text, firstToken, expected], { expect }) => {
    expect(readChoice(reply(text, firstToken), LETTERS)).toBe(expected);
  });
});

describe("readOpenAnswer", () => {
  it("drops white space, and cuts at the first stop after the beginning", ({ expect }) => {
    expect(readOpenAnswer("\n Paris \nQ: next", ["\n"])).toBe("Paris");
    expect(readOpenAnswer(" Paris and Rome ", [])).toBe("Paris and Rome");
  });
});
