import { describe, it } from "vitest";
import { ANSWER_PROMPTS } from "../../../../training/scoring/answer-prompts.ts";
import { promptFingerprint } from "../../../../training/scoring/score-meta.ts";
import type { QueryToScore } from "../../../../training/scoring/signal.ts";
import { SIGNALS } from "../../../../training/scoring/signals.ts";
import { fakeSourceLm } from "../../../support/fake-source-lm.ts";
import type { FakeSourceLm } from "../../../support/fake-source-lm.ts";

const query = { id: "q", text: "who?", answers: ["Ada", "Lovelace"], choices: [] };
const passages = ["one", "two", "three", "four"].map((text) => ({ id: text, title: "", text }));

async function score(
  name: string,
  {
    lm,
    prompt = "chat",
    item = { query, passages },
  }: {
    readonly lm: FakeSourceLm;
    readonly prompt?: keyof typeof ANSWER_PROMPTS;
    readonly item?: QueryToScore;
  },
): Promise<readonly number[]> {
  const signal = SIGNALS[name];
  if (signal?.kind !== "causal") {
    throw new Error(`no signal ${name}`);
  }
  return await signal.score(item, { lm, prompt: ANSWER_PROMPTS[prompt], maxPassageTokens: 10 });
}

describe("query-likelihood", () => {
  it("is the mean log-probability of the question's tokens, asked for a question", async ({ expect }) => {
    const lm = fakeSourceLm({ logProbs: (prompt) => (prompt.includes("two") ? [-1, -2] : [-5]) });
    const two = { query, passages: [{ id: "2", title: "Two", text: "two" }, ...passages.slice(0, 1)] };
    expect(await score("query-likelihood", { lm, item: two })).toEqual([-1.5, -5]);
    expect(lm.asked[0]).toEqual({
      prompt: "<user>Text: Two. two\n\nWrite one question that the text answers.<assistant>",
      answer: "who?",
    });
  });

  it("continues a text for base models", async ({ expect }) => {
    const lm = fakeSourceLm();
    await score("query-likelihood", { lm, prompt: "plain" });
    expect(lm.asked[0]).toEqual({ prompt: "Text: one\n\nA question that the text answers:", answer: " who?" });
  });
});

describe("self-answer", () => {
  it("is the gain of what the LM answers with the three best passages", async ({ expect }) => {
    const lm = fakeSourceLm({
      writes: (prompt) =>
        prompt.includes("one\ntwo\nthree\n\n") && !prompt.includes("four") ? " Grace \nHopper" : "?",
      logProbs: (prompt, answer) => (answer === "Grace" ? [prompt.includes("two") ? -1 : -3] : [-99]),
    });
    expect(await score("self-answer", { lm })).toEqual([0, 2, 0, 0]);
  });

  it("refuses an empty answer, which no passage can make likelier", async ({ expect }) => {
    await expect(score("self-answer", { lm: fakeSourceLm() })).rejects.toThrow('answers question "q" with nothing');
  });
});

describe("correctness", () => {
  it("is 1 for a right answer, plus the first answer's mean token probability", async ({ expect }) => {
    const lm = fakeSourceLm({
      writes: (prompt) => (prompt.includes("two") ? "It was ADA, the lovelace." : "Nobody."),
      logProbs: (prompt, answer) => [prompt.includes("three") && answer === "Ada" ? Math.log(0.5) : Math.log(0.25)],
    });
    const scores = await score("correctness", { lm });
    expect(scores.map((value) => Number(value.toFixed(12)))).toEqual([0.25, 1.25, 0.5, 0.25]);
  });
});

describe("rank-of-gold", () => {
  const choices = { ...query, answers: ["B"], choices: ["A", "B", "C"] };

  it("is the right option's log-probability minus that of the best wrong one", async ({ expect }) => {
    const lm = fakeSourceLm({
      logProbs: (prompt, answer) => [
        prompt.includes("two") && answer === "B" ? -1 : ({ A: -4, B: -3, C: -2 }[answer] ?? 0),
      ],
    });
    const item = { query: choices, passages: passages.slice(0, 2) };
    expect(await score("rank-of-gold", { lm, item })).toEqual([-1, 1]);
    expect(lm.asked[0]?.prompt).toContain("Question: who?\n- A\n- B\n- C");
  });

  it("names a question whose options lack the answer", async ({ expect }) => {
    const item = { query: { ...choices, answers: ["D"] }, passages };
    await expect(score("rank-of-gold", { lm: fakeSourceLm(), item })).rejects.toThrow(
      'question "q": none of its choices',
    );
  });
});

describe("leave-one-out", () => {
  it("is what the answer loses without the passage", async ({ expect }) => {
    const lm = fakeSourceLm({
      logProbs: (prompt) => [
        -10 + (prompt.includes("one") || prompt.includes("two") ? 4 : 0) + (prompt.includes("four") ? 1 : 0),
      ],
    });
    expect(await score("leave-one-out", { lm })).toEqual([0, 0, 0, 1]); // one and two say the same
    expect(lm.asked.length).toBe(5);
  });
});

describe("promptFingerprint", () => {
  it("tells signals and prompts apart, and is the same for the same", async ({ expect }) => {
    const combinations = Object.values(SIGNALS)
      .filter(({ kind }) => kind === "causal")
      .flatMap((signal) => Object.values(ANSWER_PROMPTS).map((prompt) => [signal, prompt] as const));
    const prints = await Promise.all(combinations.map(([signal, prompt]) => promptFingerprint(signal, prompt)));
    // query-likelihood asks the same by both chat prompts.
    expect(new Set(prints).size).toBe(combinations.length - 1);
    const [signal, prompt] = combinations[0] ?? [];
    if (signal !== undefined && prompt !== undefined) {
      expect(await promptFingerprint(signal, prompt)).toBe(prints[0]);
    }
  });
});
