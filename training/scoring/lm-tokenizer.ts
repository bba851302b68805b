import { readFile } from "node:fs/promises";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";

/** Text to the ids of a language model and back. Unlike an encoder's tokeniser it adds nothing around a text. */
export interface LmTokenizer {
  /** Ids of a text; marks of the model in it (`<|im_start|>`) become their own ids. */
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** Ids of a prompt and of the answer that follows it. */
  encodePair(prompt: string, answer: string): { readonly prompt: number[]; readonly answer: number[] };
  /** The text without the model's marks. */
  withoutMarks(text: string): string;
  /** Id of a mark; undefined when the model has no such token. */
  idOf(token: string): number | undefined;
}

const fileSchema = z.looseObject({
  model: z.looseObject({ type: z.string() }),
  added_tokens: z
    .array(z.looseObject({ id: z.int(), content: z.string(), special: z.boolean().nullish() }))
    .default([]),
});

/** Reads a Hugging Face `tokenizer.json`. Throws AppError `invalid_artifact` when it is missing or none. */
export async function loadLmTokenizer(file: string): Promise<LmTokenizer> {
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new AppError("invalid_artifact", `cannot read ${file}: ${reasonOf(cause)}; an LM needs its tokenizer.json`, {
      cause,
    });
  }
  return createLmTokenizer(raw, file);
}

/** A tokeniser over the parsed content of `tokenizer.json`; `name` is for messages. */
export function createLmTokenizer(content: unknown, name = "tokenizer.json"): LmTokenizer {
  const parsed = fileSchema.safeParse(content);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${name} is not a Hugging Face tokenizer: ${z.prettifyError(parsed.error)}`);
  }
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(parsed.data, {});
  } catch (cause) {
    throw new AppError("invalid_artifact", `${name} is not supported by @huggingface/tokenizers: ${reasonOf(cause)}`, {
      cause,
    });
  }
  const marks = parsed.data.added_tokens.filter(({ special }) => special === true).map(({ content }) => content);
  const encode = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids;
  return {
    encode,
    decode: (ids) => tokenizer.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    encodePair(prompt, answer) {
      const promptIds = encode(prompt);
      const joined = encode(prompt + answer);
      // As the LM would read the joined text, where the border is also one between tokens; else each by itself.
      const isPrefix = joined.length > promptIds.length && promptIds.every((id, index) => joined[index] === id);
      return { prompt: promptIds, answer: isPrefix ? joined.slice(promptIds.length) : encode(answer) };
    },
    withoutMarks: (text) => marks.reduce((rest, mark) => rest.replaceAll(mark, ""), text),
    idOf: (token) => tokenizer.token_to_id(token),
  };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
