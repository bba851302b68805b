import { textOfContent } from "../../src/generation/message-text.ts";
import type { ChatMessage } from "../../src/generation/target-lm.ts";
import { meanLogProb } from "../scoring/source-lm.ts";
import type { Choice, SourceLm } from "../scoring/source-lm.ts";
import type { AnswerLm } from "./answer-lm.ts";
import { rawPrompt } from "./openai-answer-lm.ts";

/**
 * A local LM (GGUF or ONNX) that answers: greedy; the letters of a choice and right answers by their log-probability. `chat`
 * asks in the LM's own template, `completions` sends the prompt as it is, and the answer follows after a space. One request at a
 * time. Tokens are counted together, as those of the prompt.
 */
export function createSourceAnswerLm(lm: SourceLm, api: "chat" | "completions"): Required<AnswerLm> {
  const promptOf = async (messages: readonly ChatMessage[]): Promise<string> =>
    api === "chat" ? await lm.chatPrompt(messages.map(toSourceMessage)) : rawPrompt(messages);
  const space = api === "chat" ? "" : " ";
  return {
    name: lm.name,
    identity: { lm: lm.fingerprint, api },
    async answer({ messages, maxTokens, letters }, signal) {
      const prompt = await promptOf(messages);
      const before = lm.tokens();
      const cost = () => ({ promptTokens: lm.tokens() - before, completionTokens: 0 });
      if (letters.length === 0) {
        const text = await lm.generate(prompt, { maxTokens, signal });
        return { text, ...cost() };
      }
      const logProbs = await firstLogProbs(lm, { prompt, answers: letters.map((letter) => space + letter) }, signal);
      const firstToken = new Map(letters.map((letter, index) => [letter, logProbs[index] ?? -Infinity]));
      return { text: "", firstToken, ...cost() };
    },
    async rightAnswerLogProbability(messages, answer, signal) {
      const prompt = await promptOf(messages);
      return meanLogProb(await lm.answerLogProbs({ prompt, answer: space + answer }, signal));
    },
    close: () => lm.close(),
  };
}

async function firstLogProbs(lm: SourceLm, choice: Choice, signal: AbortSignal): Promise<ArrayLike<number>> {
  if (lm.firstLogProbs !== undefined) {
    return await lm.firstLogProbs(choice, signal);
  }
  const logProbs: number[] = [];
  for (const answer of choice.answers) {
    const [first = -Infinity] = await lm.answerLogProbs({ prompt: choice.prompt, answer }, signal);
    logProbs.push(first);
  }
  return logProbs;
}

function toSourceMessage({ role, content }: ChatMessage) {
  const known = role === "system" || role === "assistant" ? role : "user";
  return { role: known, content: textOfContent(content) } as const;
}
