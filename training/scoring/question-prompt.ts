import type { PassageText } from "../../src/encoder/encoder.ts";
import type { AnswerPrompt } from "./answer-prompts.ts";
import type { SourceLm } from "./source-lm.ts";

/**
 * Asks for a question about a passage, up to where the question starts. A prompt that answers in the LM's own turn asks in the
 * LM's own turn; the one for base models continues a text.
 */
export async function renderQuestionPrompt(
  lm: SourceLm,
  { prompt, passage }: { readonly prompt: AnswerPrompt; readonly passage: PassageText },
): Promise<{ readonly prompt: string; readonly beforeQuestion: "" | " " }> {
  const text = passage.title === "" ? passage.text : `${passage.title}. ${passage.text}`;
  if (!prompt.isChat) {
    return { prompt: `Text: ${text}\n\nA question that the text answers:`, beforeQuestion: " " };
  }
  const content = `Text: ${text}\n\nWrite one question that the text answers.`;
  return { prompt: await lm.chatPrompt([{ role: "user", content }]), beforeQuestion: "" };
}
