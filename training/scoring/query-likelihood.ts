import { renderQuestionPrompt } from "./question-prompt.ts";
import type { Signal } from "./signal.ts";
import { meanLogProb } from "./source-lm.ts";

/**
 * Query likelihood, D6 (UPR, Sachan et al. 2022): the mean log-probability of the logged question's tokens when the LM is asked
 * for a question that the passage answers. Needs neither judgments nor answers. Below 0, and comparable only within a query.
 */
export const queryLikelihood: Signal = {
  kind: "causal",
  summary: "mean token log-probability of the question, asked for one that the passage answers",
  needs: "nothing",
  dependsOnAll: false,
  isGain: false,
  async score({ query, passages }, { lm, prompt: answerPrompt, maxPassageTokens, abort }) {
    const scores: number[] = [];
    for (const { title, text } of passages) {
      const passage = { title, text: await lm.truncate(text, maxPassageTokens) };
      const { prompt, beforeQuestion } = await renderQuestionPrompt(lm, { prompt: answerPrompt, passage });
      const continuation = { prompt, answer: beforeQuestion + query.text, shared: prompt };
      scores.push(meanLogProb(await lm.answerLogProbs(continuation, abort)));
    }
    return scores;
  },
};
