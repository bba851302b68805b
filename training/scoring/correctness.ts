import { normalizeAnswer } from "../eval/normalize-answer.ts";
import type { Signal } from "./signal.ts";
import { cutPassages } from "./signal.ts";
import { meanLogProb } from "./source-lm.ts";

const MAX_ANSWER_TOKENS = 24;

/**
 * Correctness, D3 (OpenRAG): 1 when the LM's answer with this passage alone holds one of the accepted answers, else 0; and as
 * a tie-break the probability of the first answer's average token, `exp(mean log p)`, below 1 and so never above a right one.
 * A generation and a prefill a passage.
 */
export const correctness: Signal = {
  kind: "causal",
  summary: "1 when the LM answers correctly with the passage alone, plus the answer's mean token probability",
  needs: "answers",
  dependsOnAll: false,
  isGain: false,
  async score({ query, passages }, context) {
    const { lm, prompt, abort } = context;
    const wanted = query.answers.map(normalizeAnswer).filter((answer) => answer !== "");
    const scores: number[] = [];
    for (const passage of await cutPassages(passages, context)) {
      const asked = await prompt.render(lm, { question: query.text, passages: [passage] });
      const answer = normalizeAnswer(await lm.generate(asked, { maxTokens: MAX_ANSWER_TOKENS, signal: abort }));
      const isRight = wanted.some((accepted) => answer.includes(accepted));
      const gold = prompt.beforeAnswer + (query.answers[0] ?? "");
      const probability = Math.exp(meanLogProb(await lm.answerLogProbs({ prompt: asked, answer: gold }, abort)));
      scores.push((isRight ? 1 : 0) + probability);
    }
    return scores;
  },
};
