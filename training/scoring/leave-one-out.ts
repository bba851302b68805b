import type { Signal } from "./signal.ts";
import { cutPassages } from "./signal.ts";
import { meanLogProb } from "./source-lm.ts";

/**
 * Leave one out, D4 (Atlas' LOOP): the mean log-probability of the answer with all candidates before it, minus the same without
 * this one. Two passages that say the same are worth nothing each: what the others lack is what counts. One long prefill a
 * passage and one more, so N times the cost of a likelihood gain.
 */
export const leaveOneOut: Signal = {
  kind: "causal",
  summary: "mean answer log-probability with all candidates minus all but this one",
  needs: "answers",
  dependsOnAll: true,
  isGain: true,
  async score({ query, passages }, context) {
    const { lm, prompt, abort } = context;
    const answer = prompt.beforeAnswer + (query.answers[0] ?? "");
    const cut = await cutPassages(passages, context);
    const logProb = async (kept: typeof cut): Promise<number> => {
      const asked = await prompt.render(lm, { question: query.text, passages: kept });
      return meanLogProb(await lm.answerLogProbs({ prompt: asked, answer }, abort));
    };
    const all = await logProb(cut);
    const scores: number[] = [];
    for (const left of cut.keys()) {
      scores.push(all - (await logProb(cut.filter((_, index) => index !== left))));
    }
    return scores;
  },
};
