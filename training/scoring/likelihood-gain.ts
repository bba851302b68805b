import { cutPassages } from "./signal.ts";
import type { QueryToScore, Signal, SignalContext } from "./signal.ts";
import { meanLogProb } from "./source-lm.ts";

/**
 * Likelihood gain, D1: `g_i = mean_t log p(y_t | d_i, q, y_<t) - mean_t log p(y_t | q, y_<t)` in nats, over the tokens of the
 * first answer. Atlas' PDist minus the LM's own knowledge: above 0 the passage helped. Costs a prefill a passage and one more.
 */
export const likelihoodGain: Signal = {
  kind: "causal",
  summary: "mean answer-token log-probability with the passage minus without",
  needs: "answers",
  dependsOnAll: false,
  isGain: true,
  score: ({ query, passages }, context) =>
    answerGains({ question: query.text, answer: query.answers[0] ?? "", passages }, context),
};

export interface AnswerGainsRequest {
  readonly question: string;
  readonly answer: string;
  readonly passages: QueryToScore["passages"];
}

/** What each passage adds to the mean log-probability of an answer's token. */
export async function answerGains(
  { question, answer, passages }: AnswerGainsRequest,
  context: SignalContext,
): Promise<readonly number[]> {
  const { lm, prompt, abort } = context;
  const scored = prompt.beforeAnswer + answer;
  const baseline = await withoutPassage({ question, answer }, context);
  const gains: number[] = [];
  for (const passage of await cutPassages(passages, context)) {
    const withPassage = await prompt.render(lm, { question, passages: [passage] });
    const continuation = { prompt: withPassage, answer: scored, shared: beforeLast(withPassage, question) };
    gains.push(meanLogProb(await lm.answerLogProbs(continuation, abort)) - baseline);
  }
  return gains;
}

async function withoutPassage(
  { question, answer }: Omit<AnswerGainsRequest, "passages">,
  { lm, prompt, baselines, abort }: SignalContext,
): Promise<number> {
  const key = JSON.stringify([question, answer]);
  const known = baselines?.get(key);
  if (known !== undefined) {
    return known;
  }
  const asked = await prompt.render(lm, { question, passages: [] });
  const baseline = meanLogProb(await lm.answerLogProbs({ prompt: asked, answer: prompt.beforeAnswer + answer }, abort));
  baselines?.set(key, baseline);
  return baseline;
}

/** A prompt up to its question: system message and passage, which other questions share. Undefined when the template changed the words. */
function beforeLast(prompt: string, question: string): string | undefined {
  const at = prompt.lastIndexOf(question);
  return at > 0 ? prompt.slice(0, at) : undefined;
}
