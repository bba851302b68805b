import path from "node:path";
import { z } from "zod";
import { AppError } from "../../../src/shared/errors.ts";
import { sha256Hex } from "../../artifacts/meta.ts";
import { loadChatTemplate } from "../chat-template.ts";
import { loadLmTokenizer } from "../lm-tokenizer.ts";
import type { ChatMessage, SourceLm } from "../source-lm.ts";
import { openLmServer } from "./lm-server.ts";
import type { LmServer, OpenLmServerOptions } from "./lm-server.ts";
import { findPromptLogProbs } from "./prompt-log-probs.ts";

export interface OpenServerLmOptions extends OpenLmServerOptions {
  /** Folder with the LM's `tokenizer.json` and chat template. Default: the server is asked (`/tokenize`, `/apply-template`). */
  readonly tokenizer?: string | undefined;
}

const tokensSchema = z.object({ tokens: z.array(z.int()) });
const textSchema = z
  .object({ prompt: z.string().nullish(), content: z.string().nullish() })
  .transform(({ prompt, content }) => prompt ?? content ?? "");
const completionSchema = z.object({ choices: z.array(z.object({ text: z.string() })).min(1) });

/** What reads and writes the LM's texts: files on this machine, or the server. */
type Texts = Pick<SourceLm, "chatPrompt" | "truncate">;

/**
 * An LM behind an OpenAI-compatible completions server that tells the log-probabilities of a prompt. A server does not show its
 * weights: the fingerprint is of its model's name and of how it tells them.
 * @throws AppError `upstream_rejected` when the server tells no log-probabilities.
 */
export async function openServerLm(options: OpenServerLmOptions): Promise<SourceLm> {
  const server = openLmServer(options);
  const form = await findPromptLogProbs(server);
  const texts = options.tokenizer === undefined ? serverTexts(server) : await localTexts(options.tokenizer);
  return {
    ...texts,
    name: options.model,
    fingerprint: sha256Hex(JSON.stringify(["server", options.model, form.name])),
    async answerLogProbs(continuation, signal) {
      const values = await form.ask(server, continuation, signal);
      if (values === undefined) {
        throw new AppError(
          "upstream_malformed",
          `the LM server left out the log-probabilities of a prompt (${form.name})`,
        );
      }
      return values;
    },
    async generate(prompt, { maxTokens, signal }) {
      const body = { model: server.model, prompt, max_tokens: maxTokens, temperature: 0 };
      const { choices } = await server.post("completions", { body, schema: completionSchema }, signal);
      return choices[0]?.text.trim() ?? "";
    },
    tokens: () => server.tokens(),
    close: () => Promise.resolve(),
  };
}

async function localTexts(folder: string): Promise<Texts> {
  const tokenizer = await loadLmTokenizer(path.join(folder, "tokenizer.json"));
  const template = await loadChatTemplate(folder);
  return {
    async chatPrompt(messages) {
      if (template === undefined) {
        throw new AppError("invalid_request", `${folder} has no chat template; choose --prompt plain`);
      }
      const clean = messages.map(({ role, content }) => ({ role, content: tokenizer.withoutMarks(content) }));
      return await Promise.resolve(template.render(clean));
    },
    async truncate(text, maxTokens) {
      const ids = tokenizer.encode(text);
      return await Promise.resolve(ids.length <= maxTokens ? text : tokenizer.decode(ids.slice(0, maxTokens)));
    },
  };
}

/** The routes of vLLM and of llama.cpp's server, which agree but for the names of fields; both are sent. */
function serverTexts(server: LmServer): Texts {
  const { model } = server;
  const detokenize = async (tokens: readonly number[]): Promise<string> =>
    await server.post("/detokenize", { body: { model, tokens }, schema: textSchema });
  return {
    async chatPrompt(messages) {
      try {
        return await server.post("/apply-template", { body: { messages }, schema: textSchema });
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "upstream_rejected") {
          throw error;
        }
        return await vllmChatPrompt(messages);
      }
    },
    async truncate(text, maxTokens) {
      if (Buffer.byteLength(text) <= maxTokens) {
        return text; // a token has at least a byte
      }
      const body = { model, prompt: text, content: text, add_special_tokens: false, add_special: false };
      const { tokens } = await server.post("/tokenize", { body, schema: tokensSchema });
      return tokens.length <= maxTokens ? text : await detokenize(tokens.slice(0, maxTokens));
    },
  };

  async function vllmChatPrompt(messages: readonly ChatMessage[]): Promise<string> {
    try {
      const body = { model, messages, add_generation_prompt: true };
      const { tokens } = await server.post("/tokenize", { body, schema: tokensSchema });
      return await detokenize(tokens);
    } catch (cause) {
      throw new AppError(
        "invalid_request",
        "the LM server applies no chat template (/apply-template, /tokenize); name the LM's own files with --tokenizer, or choose --prompt plain",
        { cause },
      );
    }
  }
}
