import { textOfContent } from "../../src/generation/message-text.ts";
import type { AnswerLm, AnswerReply, AnswerRequest } from "../../training/answering/answer-lm.ts";

export interface FakeAnswerLm extends AnswerLm {
  readonly requests: AnswerRequest[];
}

/** An answering LM whose replies are computed from the last message; what it throws ends the run as a real failure would. */
export function fakeAnswerLm(reply: (prompt: string) => Partial<AnswerReply>, name = "fake"): FakeAnswerLm {
  const requests: AnswerRequest[] = [];
  return {
    name,
    identity: { name },
    requests,
    async answer(request) {
      requests.push(request);
      const { content } = request.messages.at(-1) ?? { content: "" };
      return { text: "", promptTokens: 10, completionTokens: 1, ...reply(textOfContent(content)) };
    },
  };
}
