import { AAR_PASSAGE_CHARACTERS, userMessage } from "./protocol.ts";
import type { AnswerProtocol } from "./protocol.ts";
import type { Question } from "./question.ts";

const LLM_EMBEDDER_PASSAGE_TOKENS = 128;

/** As the paper's code asks Flan-T5: 500 characters a passage, then promptsource's `heres_a_problem` of ARC-Challenge. */
export const mmluFlan: AnswerProtocol = {
  summary: "the paper's for Flan-T5: 500 characters a passage, \"Here's a problem to solve\"",
  kind: "choice",
  maxTokens: 1,
  stop: [],
  shots: 0,
  messages: ({ question, passages }) =>
    userMessage(
      [...passages.map(({ text }) => text.slice(0, AAR_PASSAGE_CHARACTERS)), heresAProblem(question)].join("\n\n"),
    ),
};

/** As the paper's code asks InstructGPT (`run_MMLU.py`): whole passages, the same prompt, a blank line and `Answer:`. */
export const mmluGpt: AnswerProtocol = {
  summary: "the paper's for InstructGPT: whole passages, the same prompt, Answer:",
  kind: "choice",
  maxTokens: 1,
  stop: [],
  shots: 0,
  messages: ({ question, passages }) =>
    userMessage([...passages.map(({ text }) => text), heresAProblem(question), "Answer:"].join("\n\n")),
};

/** MMLU's official prompt with the passages before it (LLM-Embedder, App. A.1). */
export const mmluDecoder: AnswerProtocol = {
  summary: "LLM-Embedder's for decoder-only LMs: Knowledge: passages of 128 tokens, then MMLU's official prompt",
  kind: "choice",
  maxTokens: 1,
  stop: [],
  shots: 0,
  messages: ({ question, passages, cutTokens }) => {
    const texts = passages.map(({ title, text }) =>
      cutTokens([title, text].filter(Boolean).join(" "), LLM_EMBEDDER_PASSAGE_TOKENS),
    );
    const subject = question.subject === undefined ? "" : ` about ${question.subject.replaceAll("_", " ")}`;
    const asked = [
      question.text,
      ...lettered(question).map(({ letter, option }) => `${letter}. ${option}`),
      "Answer:",
    ].join("\n");
    return userMessage(
      [
        ...(texts.length === 0 ? [] : [`Knowledge: ${texts.join("\n")}`]),
        `The following are multiple choice questions (with answers)${subject}.`,
        asked,
      ].join("\n\n"),
    );
  },
};

/** promptsource, `ai2_arc/ARC-Challenge`, template `heres_a_problem`. */
function heresAProblem(question: Question): string {
  const options = lettered(question);
  return [
    `Here's a problem to solve: ${question.text}`,
    "",
    `Among the ${options.length} following options, which is the correct answer?`,
    ...options.map(({ letter, option }) => `- ${letter}: ${option}`),
  ].join("\n");
}

/** The options with their letters. */
function lettered({ choices }: Question): { readonly letter: string; readonly option: string }[] {
  return (choices?.options ?? []).map((option, index) => ({ letter: String.fromCodePoint(65 + index), option }));
}
