import { describe, it } from "vitest";
import { questionOf } from "../../../../training/synthesis/question-reply.ts";

describe("questionOf", () => {
  it.for([
    ["Who wrote Hamlet?", "Who wrote Hamlet?"],
    ['"Who wrote Hamlet?"', "Who wrote Hamlet?"],
    ["1. Who wrote Hamlet? 2. When?", "Who wrote Hamlet?"],
    ["Question: Who wrote Hamlet?\nAnswer: Shakespeare.", "Who wrote Hamlet?"],
    ["**Question 1:** Who wrote Hamlet?", "Who wrote Hamlet?"],
    ["Sure! Here is one:\n\n- Who wrote Hamlet?", "Who wrote Hamlet?"],
    ["Q: 3 of what make a crowd?", "3 of what make a crowd?"],
  ] as const)("reads %j", ([reply, question], { expect }) => {
    expect(questionOf(reply)).toEqual({ question });
  });

  it.for([
    ["  \n", "empty"],
    ["Hamlet is a play.", "no-question"],
    ["???", "no-question"],
    [`Why ${"very ".repeat(40)}long?`, "too-long"],
    ["What does the passage say about Hamlet?", "points-at-text"],
    ["According to this text, who wrote it?", "points-at-text"],
  ] as const)("rejects %j: %s", ([reply, problem], { expect }) => {
    expect(questionOf(reply)).toEqual({ problem });
  });
});
