import { describe, it } from "vitest";
import { ANSWER_PROMPTS } from "../../../../training/scoring/answer-prompts.ts";
import { likelihoodGain } from "../../../../training/scoring/likelihood-gain.ts";
import type { SourceLm } from "../../../../training/scoring/source-lm.ts";
import { fakeSourceLm } from "../../../support/fake-source-lm.ts";

const query = { id: "q", text: "who?", answers: ["Ada Lovelace", "Ada"], choices: [] };
const passages = [
  { id: "a", title: "Ada", text: "wrote the first program" },
  { id: "b", title: "", text: "the sea" },
];

describe("likelihoodGain", () => {
  it("is the mean log-probability of the first answer's tokens, minus what it is without a passage", async ({
    expect,
  }) => {
    const lm = fakeSourceLm({
      logProbs: (prompt) => (prompt.includes("program") ? [-1, -2] : prompt.includes("sea") ? [-4, -4] : [-3, -4]),
    });
    const context = { lm, prompt: ANSWER_PROMPTS.chat, maxPassageTokens: 100 };
    expect(await likelihoodGain.score({ query, passages }, context)).toEqual([-1.5 + 3.5, -4 + 3.5]);
  });

  it.for([
    ["chat", "<user>Question: who?<assistant>", "<user>Knowledge: Ada. wrote the\n\nQuestion: who?<assistant>", ""],
    [
      "chat-opened",
      "<user>Question: who?<assistant>The answer is",
      "<user>Knowledge: Ada. wrote the\n\nQuestion: who?<assistant>The answer is",
      " ",
    ],
    ["plain", "Q: who? A:", "Knowledge: Ada. wrote the\n\nQ: who? A:", " "],
  ] as const)(
    "asks by the prompt %s, with the passage's text cut",
    async ([name, without, first, space], { expect }) => {
      const lm = fakeSourceLm();
      await likelihoodGain.score({ query, passages }, { lm, prompt: ANSWER_PROMPTS[name], maxPassageTokens: 2 });
      expect(lm.asked.slice(0, 2).map(({ prompt }) => prompt)).toEqual([without, first]);
      expect(lm.asked[2]?.prompt).toContain("Knowledge: the sea\n\n");
      expect(new Set(lm.asked.map(({ answer }) => answer))).toEqual(new Set([`${space}Ada Lovelace`]));
    },
  );

  it("tells the LM how far other questions about the same passage begin alike", async ({ expect }) => {
    const lm = fakeSourceLm();
    const shared: (string | undefined)[] = [];
    const telling: SourceLm = {
      ...lm,
      answerLogProbs: async (continuation, signal) => {
        shared.push(continuation.shared);
        return await lm.answerLogProbs(continuation, signal);
      },
    };
    await likelihoodGain.score(
      { query, passages },
      { lm: telling, prompt: ANSWER_PROMPTS.chat, maxPassageTokens: 100 },
    );
    expect(shared).toEqual([
      undefined, // without a passage there is nothing worth keeping
      "<user>Knowledge: Ada. wrote the first program\n\nQuestion: ",
      "<user>Knowledge: the sea\n\nQuestion: ",
    ]);
  });
});
