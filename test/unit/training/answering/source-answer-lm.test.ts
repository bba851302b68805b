import { describe, it } from "vitest";
import { readChoice } from "../../../../training/answering/read-answer.ts";
import { createSourceAnswerLm } from "../../../../training/answering/source-answer-lm.ts";
import type { Choice } from "../../../../training/scoring/source-lm.ts";
import { fakeSourceLm } from "../../../support/fake-source-lm.ts";

const messages = [{ role: "user", content: "Q: who? A:" }];
const { signal } = new AbortController();

describe("createSourceAnswerLm", () => {
  it("writes greedily after the LM's own template, or after the prompt as it is", async ({ expect }) => {
    const request = { messages, maxTokens: 5, stop: [], letters: [] };
    const lm = fakeSourceLm({ writes: (prompt) => `after ${prompt}` });
    expect(await createSourceAnswerLm(lm, "chat").answer(request, signal)).toMatchObject({
      text: "after <user>Q: who? A:<assistant>",
      promptTokens: 3 + 4, // of the fake, a word each
    });
    expect(await createSourceAnswerLm(lm, "completions").answer(request, signal)).toMatchObject({
      text: "after Q: who? A:",
    });
  });

  it("tells the log-probability of each letter, so that the likeliest is chosen", async ({ expect }) => {
    const lm = fakeSourceLm({ logProbs: (_, answer) => [answer === " B" ? -0.5 : -2, -9] });
    const request = { messages, maxTokens: 1, stop: [], letters: ["A", "B"] };
    const reply = await createSourceAnswerLm(lm, "completions").answer(request, signal);
    expect([...(reply.firstToken ?? [])]).toEqual([
      ["A", -2],
      ["B", -0.5],
    ]);
    expect(readChoice(reply, ["A", "B"])).toBe("B");
    expect(lm.asked.map(({ answer }) => answer)).toEqual([" A", " B"]);
  });

  it("asks for all letters at once, of an LM that can", async ({ expect }) => {
    const answers: (readonly string[])[] = [];
    const lm = {
      ...fakeSourceLm(),
      firstLogProbs: async (choice: Choice) => {
        answers.push(choice.answers);
        return await Promise.resolve(Float64Array.of(-3, -1));
      },
    };
    const request = { messages, maxTokens: 1, stop: [], letters: ["A", "B"] };
    const reply = await createSourceAnswerLm(lm, "chat").answer(request, signal);
    expect(readChoice(reply, ["A", "B"])).toBe("B");
    expect(answers).toEqual([["A", "B"]]);
    expect(lm.asked).toEqual([]);
  });

  it("tells the mean log-probability of a right answer, and closes its LM", async ({ expect }) => {
    const lm = fakeSourceLm({ logProbs: () => [-1, -2, -6] });
    const answering = createSourceAnswerLm(lm, "chat");
    expect(await answering.rightAnswerLogProbability?.(messages, "Johann Wolfgang Goethe", signal)).toBe(-3);
    expect(lm.asked).toEqual([{ prompt: "<user>Q: who? A:<assistant>", answer: "Johann Wolfgang Goethe" }]);
    await answering.close?.();
    expect(lm.isClosed()).toBe(true);
  });
});
