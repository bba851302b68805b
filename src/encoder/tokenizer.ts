import { BertPreTokenizer, Tokenizer, WordPiece } from "@huggingface/tokenizers";
import { z } from "zod";
import { AppError } from "../shared/errors.ts";
import { boundedWordPiece } from "./bounded-word-piece.ts";
import { ReferenceBertNormalizer } from "./reference-bert-normalizer.ts";
import { ReferenceBertPreTokenizer } from "./reference-bert-pre-tokenizer.ts";

/** Text to token ids, as an encoder was trained to read it. */
export interface TextTokenizer {
  /** Id that fills a batch's shorter rows; masked out, so its value never reaches an embedding. */
  readonly padId: number;
  /** Ids with the special tokens around them; the text is cut on the right so that at most `maxLength` remain. */
  encode(text: string, maxLength: number): number[];
  /** Number of tokens of the whole text, without special tokens. */
  countTokens(text: string): number;
}

/** The parts of Hugging Face's tokenizer.json that are read here; the library checks the rest. */
const tokenizerFileSchema = z.looseObject({
  normalizer: z.looseObject({ type: z.string() }).nullable(),
  model: z.looseObject({
    type: z.enum(["WordPiece", "BPE", "Unigram"]),
    max_input_chars_per_word: z.int().positive().optional(),
  }),
  added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string() })),
  padding: z.looseObject({ pad_id: z.int() }).nullish(),
});

type TokenizerFile = z.infer<typeof tokenizerFileSchema>;

/** Stands for the text when the post-processor is asked what it puts before and after it. */
const CONTENT = "\u0000content";

/** Tokens are seldom longer than this on average, so one pass of `encodeStart` is enough for ordinary text. */
const CHARACTERS_PER_TOKEN = 8;

/**
 * A tokenizer over the parsed content of a Hugging Face `tokenizer.json`. Truncation and padding that the file itself
 * configures are ignored (MiniLM's file cuts and pads to 128): the manifest's maximum lengths rule, and batches are
 * padded by the encoder.
 *
 * Ids equal those of Hugging Face's Rust library, but for text with punctuation or combining marks newer than
 * Unicode 8, which the Rust library takes for letters and JavaScript does not.
 * @throws AppError `invalid_artifact` when the content is not that of a tokenizer.
 */
export function createTokenizer(tokenizerJson: unknown): TextTokenizer {
  const file = parseTokenizerFile(tokenizerJson);
  const tokenizer = buildTokenizer(file);
  const { prefix, suffix } = specialTokensAround(tokenizer);
  const settledTokens = tokensThatMayChangeAtACut(file);
  const encodeAll = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids;

  /** The first `limit` ids of the text, reading no more of it than needed. */
  function encodeStart(text: string, limit: number): number[] {
    if (settledTokens === undefined) {
      return encodeAll(text).slice(0, limit);
    }
    const enough = limit + settledTokens;
    for (let end = enough * CHARACTERS_PER_TOKEN; end < text.length; end *= 2) {
      const ids = encodeAll(text.slice(0, end));
      if (ids.length >= enough) {
        return ids.slice(0, limit);
      }
    }
    return encodeAll(text).slice(0, limit);
  }

  return {
    padId: paddingId(file),
    encode: (text, maxLength) => [
      ...prefix,
      ...encodeStart(text, Math.max(0, maxLength - prefix.length - suffix.length)),
      ...suffix,
    ],
    countTokens: (text) => encodeAll(text).length,
  };
}

function parseTokenizerFile(tokenizerJson: unknown): TokenizerFile {
  const parsed = tokenizerFileSchema.safeParse(tokenizerJson);
  if (!parsed.success) {
    throw new AppError(
      "invalid_artifact",
      `tokenizer.json is not a Hugging Face tokenizer: ${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}

function buildTokenizer(file: TokenizerFile): Tokenizer {
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(file, {});
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid_artifact", `tokenizer.json is not supported by @huggingface/tokenizers: ${reason}`, {
      cause,
    });
  }
  if (tokenizer.model instanceof WordPiece) {
    tokenizer.model.encode = boundedWordPiece(tokenizer.model);
  }
  if (tokenizer.pre_tokenizer instanceof BertPreTokenizer) {
    tokenizer.pre_tokenizer = new ReferenceBertPreTokenizer();
  }
  if (file.normalizer?.type === "BertNormalizer") {
    tokenizer.normalizer = new ReferenceBertNormalizer({ ...file.normalizer, type: "BertNormalizer" });
  }
  return tokenizer;
}

/** Ids that the post-processor puts before and after a single text: [CLS] and [SEP] of BERT. */
function specialTokensAround(tokenizer: Tokenizer): { prefix: number[]; suffix: number[] } {
  const tokens = tokenizer.post_processor?.post_process([CONTENT], null, true).tokens ?? [CONTENT];
  const position = tokens.indexOf(CONTENT);
  const ids = tokens.map((token) => (token === CONTENT ? -1 : tokenizer.token_to_id(token)));
  if (position < 0 || ids.includes(undefined)) {
    throw new AppError(
      "invalid_artifact",
      `tokenizer.json puts tokens around a text that it has no ids for: ${tokens.join(" ")}`,
    );
  }
  const known = ids.filter((id) => id !== undefined);
  return { prefix: known.slice(0, position), suffix: known.slice(position + 1) };
}

/**
 * How many of the last tokens of a text's beginning can differ from the tokens of the whole text, or undefined when
 * that has no bound. Cutting a text disturbs the word at the cut (it may lose letters, or its accents) and an added
 * token that the cut splits, nothing before them. A WordPiece word gives at most `max_input_chars_per_word` tokens.
 */
function tokensThatMayChangeAtACut({ model, added_tokens: addedTokens }: TokenizerFile): number | undefined {
  if (model.type !== "WordPiece") {
    return undefined;
  }
  const longestAddedToken = Math.max(0, ...addedTokens.map(({ content }) => content.length));
  return (model.max_input_chars_per_word ?? 100) + longestAddedToken;
}

function paddingId({ padding, added_tokens: addedTokens }: TokenizerFile): number {
  return padding?.pad_id ?? addedTokens.find(({ content }) => content === "[PAD]" || content === "<pad>")?.id ?? 0;
}
