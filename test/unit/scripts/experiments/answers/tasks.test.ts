import { describe, it } from "vitest";
import { createLetterTask } from "../../../../../scripts/experiments/answers/letter-task.ts";
import { createLogProbTask } from "../../../../../scripts/experiments/answers/log-prob-task.ts";
import { createReplyTask } from "../../../../../scripts/experiments/answers/reply-task.ts";
import type { Question } from "../../../../../training/answering/question.ts";
import { fakeSourceLm } from "../../../../support/fake-source-lm.ts";

const question: Question = {
  id: "q",
  text: "Who?",
  answers: ["Ada Lovelace", "Ada"],
  choices: undefined,
  subject: undefined,
  category: undefined,
  popularity: undefined,
};
const choice: Question = { ...question, answers: [], choices: { options: ["x", "y", "z"], key: "B" } };
const passages = [
  { id: "p1", title: "Title", text: "one" },
  { id: "p2", title: "", text: "two" },
];
const { signal } = new AbortController();

describe("createLogProbTask", () => {
  it("asks the labels' prompt, best passage first, and takes the mean over the first answer's tokens", async ({
    expect,
  }) => {
    const lm = fakeSourceLm({ logProbs: () => [-1, -4] });
    const task = createLogProbTask(lm);
    const prompt = await task.render({ question, passages });
    const outcome = await task.ask(prompt, task.wanted(question), signal);
    expect(lm.asked).toEqual([
      { prompt: "<user>Knowledge: Title. one\ntwo\n\nQuestion: Who?<assistant>", answer: "Ada Lovelace" },
    ]);
    expect(task.score(outcome, question)).toEqual({ LogProb: -2.5 });
  });
});

describe("createReplyTask", () => {
  it("scores the first line by any accepted answer", async ({ expect }) => {
    const task = createReplyTask(fakeSourceLm({ writes: () => "It was Ada.\nAda Lovelace" }));
    const outcome = await task.ask(await task.render({ question, passages }), [], signal);
    // Words "it was ada" against "ada": precision 1/3, recall 1.
    expect(task.score(outcome, question)).toEqual({ Accuracy: 1, EM: 0, F1: 0.5 });
  });
});

describe("createLetterTask", () => {
  it("takes the likeliest letter, and the right one's probability among the letters", async ({ expect }) => {
    const shares = { A: 0.1, B: 0.05, C: 0.05 };
    const lm = fakeSourceLm({ logProbs: (_, letter) => [Math.log(shares[letter as keyof typeof shares])] });
    const task = createLetterTask(lm);
    const prompt = await task.render({ question: choice, passages });
    expect(prompt).toMatch(/^one\n\ntwo\n\n.*Who\?[^]*Answer:$/u);
    const { Accuracy: accuracy, LogProb: logProb } = task.score(
      await task.ask(prompt, task.wanted(choice), signal),
      choice,
    );
    expect(accuracy).toBe(0);
    expect(logProb).toBeCloseTo(Math.log(0.25), 10);
  });

  it("counts the right letter, when it is the likeliest", async ({ expect }) => {
    const task = createLetterTask(fakeSourceLm({ logProbs: (_, letter) => [letter === "B" ? -1 : -2] }));
    const outcome = await task.ask("", task.wanted(choice), signal);
    expect(task.score(outcome, choice)).toMatchObject({ Accuracy: 1 });
  });
});
