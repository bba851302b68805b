import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Template } from "@huggingface/jinja";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import type { ChatMessage } from "./source-lm.ts";

/** A special token is its text, or an object around it. */
const tokenSchema = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
  .nullish();
const configSchema = z.looseObject({
  chat_template: z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))]).nullish(),
  bos_token: tokenSchema,
  eos_token: tokenSchema,
});

/** How one LM writes a conversation. */
export interface ChatTemplate {
  /** The template's own text: part of the LM's fingerprint. */
  readonly source: string;
  /** Messages as one text, opened for the LM's turn. */
  render(messages: readonly ChatMessage[]): string;
}

/**
 * The chat template of a Hugging Face folder: `chat_template.jinja`, or the field of `tokenizer_config.json` (the one named
 * `default` where there are several). Undefined when the folder has none: a base model.
 * @throws AppError `invalid_artifact` when the configuration or the template does not parse.
 */
export async function loadChatTemplate(folder: string): Promise<ChatTemplate | undefined> {
  const file = path.join(folder, "tokenizer_config.json");
  const config = existsSync(file) ? parseConfig(file, await readFile(file, "utf8")) : {};
  const ownFile = path.join(folder, "chat_template.jinja");
  const inConfig = config.chat_template ?? undefined;
  const source = existsSync(ownFile)
    ? await readFile(ownFile, "utf8")
    : Array.isArray(inConfig)
      ? (inConfig.find(({ name }) => name === "default") ?? inConfig[0])?.template
      : inConfig;
  return source === undefined ? undefined : createChatTemplate(source, config);
}

export interface SpecialTokens {
  readonly bos_token?: string | null | undefined;
  readonly eos_token?: string | null | undefined;
}

/** A chat template from its Jinja text. Throws AppError `invalid_artifact` when it does not parse. */
export function createChatTemplate(source: string, { bos_token, eos_token }: SpecialTokens): ChatTemplate {
  let template: Template;
  try {
    template = new Template(source);
  } catch (cause) {
    throw new AppError("invalid_artifact", `the LM's chat template does not parse: ${reasonOf(cause)}`, { cause });
  }
  return {
    source,
    render(messages) {
      try {
        return template.render({
          messages,
          add_generation_prompt: true,
          bos_token: bos_token ?? "",
          eos_token: eos_token ?? "",
        });
      } catch (cause) {
        throw new AppError("invalid_artifact", `the LM's chat template cannot be applied: ${reasonOf(cause)}`, {
          cause,
        });
      }
    },
  };
}

function parseConfig(file: string, text: string): z.output<typeof configSchema> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new AppError("invalid_artifact", `${file}: not JSON (${reasonOf(cause)})`, { cause });
  }
  const parsed = configSchema.safeParse(raw);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${file}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
