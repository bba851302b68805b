import { augmentMessages } from "../../src/rag/prompt.ts";
import { userMessage } from "./protocol.ts";
import type { AnswerProtocol } from "./protocol.ts";

/** The fence of every prompt: a constant here, so that the same inputs give the same prompt. The Worker draws its own. */
const NONCE = "0123456789abcdef";

/** What users of the Worker get: its prompt, with citations asked for. Without passages, the bare question. */
export const serve: AnswerProtocol = {
  summary: "the Worker's own prompt, citations and all; needs a chat endpoint",
  kind: "open",
  maxTokens: 256,
  stop: [],
  shots: 0,
  messages: ({ question, passages }) => {
    const asked = userMessage(question.text);
    return passages.length === 0
      ? asked
      : augmentMessages({
          messages: asked,
          passages: passages.map((passage, index) => ({
            passage: { ...passage, documentId: passage.id, url: "", metadata: {} },
            score: 0,
            rank: index + 1,
          })),
          passageFormat: "prompt",
          nonce: NONCE,
        });
  },
};
