import { describe, it } from "vitest";
import { questionType } from "../../../../training/report/question-type.ts";

describe("questionType", () => {
  it.for([
    ["Who wrote Faust?", "who"],
    ["in what year did it end", "when"],
    ["what city is the capital of Mali", "where"],
    ["the country where it rains", "where"],
    ["how many people live there", "how many"],
    ["How do I rotate a key?", "how"],
    ["which of these and where", "what, which"],
    ["is it open", "yes or no"],
    ["this is it", "other"],
    ["whatever", "other"],
    ["", "other"],
  ] as const)("%j asks %s", ([text, expected], { expect }) => {
    expect(questionType(text)).toBe(expected);
  });
});
