import { AAR_PASSAGE_CHARACTERS, userMessage } from "./protocol.ts";
import type { AnswerProtocol, PromptPassage, Shot } from "./protocol.ts";

/** Tokens of a passage in LLM-Embedder's evaluation, title included. */
const LLM_EMBEDDER_PASSAGE_TOKENS = 128;

/**
 * As the paper's code asks Flan-T5: each passage's first 500 characters without its title, then `Q: … A:`, at most 64 tokens.
 * There each passage is encoded by itself (fusion in the decoder); an LM behind an API reads them one after the other.
 */
export const popqaFlan: AnswerProtocol = {
  summary: "the paper's for Flan-T5: 500 characters a passage, Q: … A:, 64 tokens",
  kind: "open",
  maxTokens: 64,
  stop: [],
  shots: 0,
  messages: ({ question, passages }) =>
    userMessage(
      [...passages.map(({ text }) => text.slice(0, AAR_PASSAGE_CHARACTERS)), `Q: ${question.text} A:`].join("\n\n"),
    ),
};

/**
 * As the paper's code asks InstructGPT (`run_PopQA.py`): whole passages joined by blank lines, at most 15 tokens, the first
 * line counts. Its default are 15 shots, one of each other relation with one clipped passage; the paper's table says
 * zero-shot, which is the default here (`shots`).
 */
export const popqaGpt: AnswerProtocol = {
  summary: "the paper's for InstructGPT: whole passages, Q: … A:, 15 tokens, first line; its code shows 15 shots",
  kind: "open",
  maxTokens: 15,
  stop: ["\n"],
  shots: 0,
  messages: ({ question, passages, shots }) =>
    userMessage(
      [
        ...shots.map((shot) => [...clipped(shot.passage), solved(shot)].join("\n\n")),
        ...passages.map(({ text }) => text),
        `Q: ${question.text} A:`,
      ].join("\n\n"),
    ),
};

/** LLM-Embedder's for decoder-only LMs (its App. A.1): `Knowledge: ` and passages of 128 tokens, 15 shots, 16 new tokens. */
export const popqaDecoder: AnswerProtocol = {
  summary:
    "LLM-Embedder's for decoder-only LMs: Knowledge: title and text of 128 tokens, 15 shots, 16 tokens, first line",
  kind: "open",
  maxTokens: 16,
  stop: ["\n"],
  shots: 15,
  messages: ({ question, passages, shots, cutTokens }) => {
    const texts = passages.map(({ title, text }) =>
      cutTokens([title, text].filter(Boolean).join(" "), LLM_EMBEDDER_PASSAGE_TOKENS),
    );
    const knowledge = texts.length === 0 ? [] : [`Knowledge: ${texts.join("\n")}`];
    const asked = [...shots.map(solved), `Q: ${question.text} A:`].join("\n\n");
    return userMessage([...knowledge, asked].join("\n\n"));
  },
};

function clipped(passage: PromptPassage | undefined): string[] {
  return passage === undefined ? [] : [passage.text.slice(0, AAR_PASSAGE_CHARACTERS)];
}

function solved({ question }: Shot): string {
  return `Q: ${question.text} A: ${question.answers[0] ?? ""}`;
}
