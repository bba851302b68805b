import { AppError } from "../../src/shared/errors.ts";
import { openLlamaLm } from "../llama/llama-local-lm.ts";
import type { LocalLm } from "../llama/local-lm.ts";
import type { SourceLm } from "./source-lm.ts";

/** A GGUF file as a source LM. See `openLlamaLm` for what it needs and throws. */
export async function openGgufLm(file: string, { threads }: { readonly threads: number }): Promise<SourceLm> {
  return localSourceLm(await openLlamaLm(file, { threads }));
}

/** A source LM over a local LM. */
export function localSourceLm(lm: LocalLm): SourceLm {
  let tokens = 0;
  return {
    name: lm.name,
    fingerprint: lm.fingerprint,
    async answerLogProbs({ prompt, answer }, signal) {
      signal?.throwIfAborted();
      const promptIds = lm.encode(prompt);
      const joined = lm.encode(prompt + answer);
      const isPrefix = joined.length > promptIds.length && promptIds.every((id, index) => joined[index] === id);
      const answerIds = isPrefix ? joined.slice(promptIds.length) : lm.encode(answer);
      if (promptIds.length === 0 || answerIds.length === 0) {
        throw new AppError("invalid_request", `prompt and answer must have a token each: ${JSON.stringify(answer)}`);
      }
      const start = lm.withStart(promptIds);
      tokens += start.length + answerIds.length;
      const scored = await lm.promptLogProbs([...start, ...answerIds], { first: start.length, top: 1 });
      return Float64Array.from(scored, ({ logProb }) => logProb);
    },
    async chatPrompt(messages) {
      if (lm.chatTemplate === undefined) {
        throw new AppError("invalid_request", `the LM "${lm.name}" has no chat template; choose --prompt plain`);
      }
      const clean = messages.map(({ role, content }) => ({ role, content: lm.withoutMarks(content) }));
      return await Promise.resolve(lm.chatTemplate.render(clean));
    },
    async truncate(text, maxTokens) {
      const ids = lm.encode(text);
      return await Promise.resolve(ids.length <= maxTokens ? text : lm.decode(ids.slice(0, maxTokens)));
    },
    async generate(prompt, { maxTokens, signal }) {
      const ids = lm.withStart(lm.encode(prompt));
      const generated: number[] = [];
      while (generated.length < maxTokens) {
        signal?.throwIfAborted();
        const [best] = await lm.next([...ids, ...generated], 1);
        if (best === undefined || lm.isEnd(best.token)) {
          break;
        }
        generated.push(best.token);
      }
      tokens += ids.length + generated.length;
      return lm.decode(generated).trim();
    },
    tokens: () => tokens,
    close: () => lm.close(),
  };
}
