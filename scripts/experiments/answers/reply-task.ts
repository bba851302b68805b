import { exactMatch, substringAccuracy, tokenF1 } from "../../../training/answering/answer-scores.ts";
import { readOpenAnswer } from "../../../training/answering/read-answer.ts";
import { sha256Hex } from "../../../training/artifacts/meta.ts";
import type { SourceLm } from "../../../training/scoring/source-lm.ts";
import { renderOpenPrompt } from "./open-prompt.ts";
import type { AnswerTask } from "./task.ts";

/** A small LM answers in a sentence that repeats the question. */
const MAX_TOKENS = 24;

/** What the LM says itself, by the most likely token each time: `Accuracy` (substring, as in the paper), `EM` and `F1` of its first line. */
export function createReplyTask(lm: SourceLm): AnswerTask {
  return {
    name: "reply",
    lm: lm.name,
    identity: sha256Hex(`reply\n${lm.fingerprint}\n${MAX_TOKENS}`),
    render: (pair) => renderOpenPrompt(lm, pair),
    wanted: () => [],
    ask: async (prompt, _wanted, signal) => ({ reply: await lm.generate(prompt, { maxTokens: MAX_TOKENS, signal }) }),
    score({ reply = "" }, { answers }) {
      const said = readOpenAnswer(reply, ["\n"]);
      return {
        Accuracy: substringAccuracy(said, answers),
        EM: exactMatch(said, answers),
        F1: tokenF1(said, answers),
      };
    },
    close: () => lm.close(),
  };
}
