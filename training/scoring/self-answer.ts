import { AppError } from "../../src/shared/errors.ts";
import { answerGains } from "./likelihood-gain.ts";
import type { Signal } from "./signal.ts";
import { cutPassages } from "./signal.ts";

/** Best passages that the LM reads for its own answer: more drown a small LM, and each costs a prefill a token generated. */
const PASSAGES_READ = 3;
const MAX_ANSWER_TOKENS = 24;

/**
 * Likelihood gain of the LM's own answer: it answers with the first stage's best passages before it, and each passage is
 * scored by how much likelier it makes that answer. For questions without answers; SCARLet (2025) finds own answers nearly as
 * good as gold ones for its signal.
 */
export const selfAnswer: Signal = {
  kind: "causal",
  summary: "likelihood gain of the LM's own answer, given the first stage's best passages",
  needs: "nothing",
  dependsOnAll: true,
  isGain: true,
  async score({ query, passages }, context) {
    const { lm, prompt, abort } = context;
    const read = await cutPassages(passages.slice(0, PASSAGES_READ), context);
    const asked = await prompt.render(lm, { question: query.text, passages: read });
    const answer = firstLine(await lm.generate(asked, { maxTokens: MAX_ANSWER_TOKENS, signal: abort }));
    if (answer === "") {
      throw new AppError(
        "invalid_request",
        `the LM "${lm.name}" answers question "${query.id}" with nothing; try another --prompt`,
      );
    }
    return await answerGains({ question: query.text, answer, passages }, context);
  },
};

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0]?.trim() ?? "";
}
