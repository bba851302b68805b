import { sha256Hex } from "../../../training/artifacts/meta.ts";
import { meanLogProb } from "../../../training/scoring/source-lm.ts";
import type { SourceLm } from "../../../training/scoring/source-lm.ts";
import { OPEN_PROMPT, renderOpenPrompt } from "./open-prompt.ts";
import type { AnswerTask } from "./task.ts";

const RIGHT = "answer";

/**
 * How likely the right answer is: `LogProb`, the mean over its tokens of the natural logarithm of each one's probability given
 * prompt and tokens before it. Of several accepted answers the first.
 */
export function createLogProbTask(lm: SourceLm): AnswerTask {
  return {
    name: "log-prob",
    lm: lm.name,
    identity: sha256Hex(`log-prob\n${lm.fingerprint}`),
    render: (pair) => renderOpenPrompt(lm, pair),
    wanted: ({ answers }) => answers.slice(0, 1),
    async ask(prompt, [answer = ""], signal) {
      const scored = OPEN_PROMPT.beforeAnswer + answer;
      return { logProbs: { [RIGHT]: meanLogProb(await lm.answerLogProbs({ prompt, answer: scored }, signal)) } };
    },
    score({ logProbs }) {
      const logProb = logProbs?.[RIGHT];
      return logProb === undefined ? {} : { LogProb: logProb };
    },
    close: () => lm.close(),
  };
}
