import { ANSWER_PROMPTS } from "../../../training/scoring/answer-prompts.ts";
import { cutPassages } from "../../../training/scoring/signal.ts";
import type { SourceLm } from "../../../training/scoring/source-lm.ts";
import type { AskedPair } from "./task.ts";

/** Tokens of a passage, as for the labels. */
const PASSAGE_TOKENS = 128;

/** The prompt of the labels, with as many passages as are given: what an LM was asked in training is asked here. */
export const OPEN_PROMPT = ANSWER_PROMPTS.chat;

/** Renders it for one question. */
export async function renderOpenPrompt(lm: SourceLm, { question, passages }: AskedPair): Promise<string> {
  const cut = await cutPassages(passages, { lm, prompt: OPEN_PROMPT, maxPassageTokens: PASSAGE_TOKENS });
  return await OPEN_PROMPT.render(lm, { question: question.text, passages: cut });
}
