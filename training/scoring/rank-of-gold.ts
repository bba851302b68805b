import { AppError } from "../../src/shared/errors.ts";
import type { AnswerPrompt } from "./answer-prompts.ts";
import type { Signal } from "./signal.ts";
import { cutPassages } from "./signal.ts";
import { meanLogProb } from "./source-lm.ts";
import type { SourceLm } from "./source-lm.ts";

/**
 * Rank of the gold option, D2: `log p(gold) - max over the other options of log p`, each the mean over the option's tokens
 * given the passage; above 0 the LM would choose the right one. For multiple-choice questions, whose options stand in the
 * prompt as a list.
 */
export const rankOfGold: Signal = {
  kind: "causal",
  summary: "log-probability of the right option minus that of the best wrong one (multiple choice)",
  needs: "choices",
  dependsOnAll: false,
  isGain: true,
  async score({ query, passages }, context) {
    const { lm, prompt, abort } = context;
    const gold = query.choices.find((choice) => query.answers.includes(choice));
    if (gold === undefined) {
      throw new AppError("invalid_artifact", `question "${query.id}": none of its choices is among its answers`);
    }
    const others = query.choices.filter((choice) => choice !== gold);
    const question = `${query.text}\n${query.choices.map((choice) => `- ${choice}`).join("\n")}`;
    const scores: number[] = [];
    for (const passage of await cutPassages(passages, context)) {
      const asked = await prompt.render(lm, { question, passages: [passage] });
      const logProb = optionLogProb({ lm, prompt, asked, abort });
      const wrong: number[] = [];
      for (const choice of others) {
        wrong.push(await logProb(choice));
      }
      scores.push((await logProb(gold)) - Math.max(...wrong));
    }
    return scores;
  },
};

interface OptionLogProbOptions {
  readonly lm: SourceLm;
  readonly prompt: AnswerPrompt;
  readonly asked: string;
  readonly abort: AbortSignal | undefined;
}

function optionLogProb({ lm, prompt, asked, abort }: OptionLogProbOptions): (choice: string) => Promise<number> {
  return async (choice) =>
    meanLogProb(await lm.answerLogProbs({ prompt: asked, answer: prompt.beforeAnswer + choice }, abort));
}
