import type { PassageText } from "../../src/encoder/encoder.ts";
import type { SourceLm } from "./source-lm.ts";

interface AnswerPromptRequest {
  readonly question: string;
  /** What the LM may read, best first, cut to their length; none for the answer without a passage. */
  readonly passages: readonly PassageText[];
}

/** How a source LM is asked. */
export interface AnswerPrompt {
  readonly summary: string;
  /** The prompt, up to where the answer starts. */
  render(lm: SourceLm, request: AnswerPromptRequest): Promise<string>;
  /** Whether the answer is a turn of its own; else it continues a text. */
  readonly isChat: boolean;
  /** Stands between prompt and answer, and is part of the scored text. */
  readonly beforeAnswer: "" | " ";
}

/** Every prompt by name. What a prompt says decides every label: changing one is a new name. */
export const ANSWER_PROMPTS = {
  chat: {
    summary: "the LM's own chat template: passage and question in one turn, the answer is the LM's turn",
    render: (lm, request) => lm.chatPrompt([{ role: "user", content: chatContent(request) }]),
    isChat: true,
    beforeAnswer: "",
  },
  "chat-opened": {
    summary: 'as chat, and the LM\'s turn is opened with "The answer is"',
    render: async (lm, request) =>
      `${await lm.chatPrompt([{ role: "user", content: chatContent(request) }])}The answer is`,
    isChat: true,
    beforeAnswer: " ",
  },
  plain: {
    summary: '"Knowledge: …", an empty line, "Q: … A:", as LLM-Embedder does; for base models',
    render: async (_lm, { question, passages }) => await Promise.resolve(`${knowledge(passages)}Q: ${question} A:`),
    isChat: false,
    beforeAnswer: " ",
  },
} satisfies Readonly<Record<string, AnswerPrompt>>;

function chatContent({ question, passages }: AnswerPromptRequest): string {
  return `${knowledge(passages)}Question: ${question}`;
}

function knowledge(passages: readonly PassageText[]): string {
  if (passages.length === 0) {
    return "";
  }
  const texts = passages.map(({ title, text }) => (title === "" ? text : `${title}. ${text}`));
  return `Knowledge: ${texts.join("\n")}\n\n`;
}
