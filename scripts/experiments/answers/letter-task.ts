import { cutTokens } from "../../../training/answering/cut-tokens.ts";
import { mmluGpt } from "../../../training/answering/mmlu-protocols.ts";
import type { Question } from "../../../training/answering/question.ts";
import { createSourceAnswerLm } from "../../../training/answering/source-answer-lm.ts";
import { sha256Hex } from "../../../training/artifacts/meta.ts";
import type { SourceLm } from "../../../training/scoring/source-lm.ts";
import type { AnswerTask } from "./task.ts";

/**
 * A multiple choice by the paper's prompt for decoder-only LMs: `Accuracy` of the likeliest letter (ties to the earlier one), and
 * `LogProb` of the right letter among the letters: chance is -ln(options).
 */
export function createLetterTask(lm: SourceLm): AnswerTask {
  const answering = createSourceAnswerLm(lm, "chat");
  return {
    name: "letter",
    lm: lm.name,
    identity: sha256Hex(`letter\n${lm.fingerprint}`),
    async render({ question, passages }) {
      const [message] = mmluGpt.messages({ question, passages, shots: [], cutTokens });
      return await Promise.resolve(typeof message?.content === "string" ? message.content : "");
    },
    wanted: lettersOf,
    async ask(prompt, letters, signal) {
      const messages = [{ role: "user", content: prompt }] as const;
      const { firstToken } = await answering.answer({ messages, letters, maxTokens: 1, stop: [] }, signal);
      return { logProbs: Object.fromEntries(firstToken ?? []) };
    },
    score({ logProbs = {} }, { choices }) {
      const letters = Object.keys(logProbs);
      const likeliest = Math.max(...Object.values(logProbs));
      const total = letters.reduce((sum, letter) => sum + Math.exp((logProbs[letter] ?? -Infinity) - likeliest), 0);
      const right = logProbs[choices?.key ?? ""];
      return right === undefined
        ? {}
        : {
            Accuracy: letters.find((letter) => logProbs[letter] === likeliest) === choices?.key ? 1 : 0,
            LogProb: right - likeliest - Math.log(total),
          };
    },
    close: () => lm.close(),
  };
}

function lettersOf({ choices }: Question): string[] {
  return (choices?.options ?? []).map((_, index) => String.fromCodePoint(65 + index));
}
