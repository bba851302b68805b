import type { Encoder } from "../encoder/encoder.ts";
import { AppError } from "../shared/errors.ts";
import { MIN_PASSAGE_TOKENS } from "./split-passages.ts";

/** How a document's owner wants it cut. */
export interface SplitSettings {
  /** Of a passage with its title; more than the encoder reads is cut down to that. Undefined: that. */
  readonly maxTokens: number | undefined;
  /** Default 0; at most half of `maxTokens`. */
  readonly overlapTokens: number | undefined;
}

/** `[CLS]` and `[SEP]`, the space between title and text, and what a tokenizer may count apart at a sentence's end. */
const RESERVED_TOKENS = 6;

/**
 * The settings in numbers: a passage never has more tokens than the encoder reads, as what it does not read no question
 * finds. Throws `invalid_request` for an overlap of more than half a passage.
 */
export function passageTokens(
  { maxTokens: wanted, overlapTokens = 0 }: SplitSettings,
  encoder: Pick<Encoder, "manifest" | "countTokens">,
): { readonly maxTokens: number; readonly overlapTokens: number } {
  const { manifest } = encoder;
  const room = manifest.maxPassageLength - RESERVED_TOKENS - encoder.countTokens(manifest.passagePrefix);
  const maxTokens = Math.max(MIN_PASSAGE_TOKENS, Math.min(wanted ?? room, room));
  if (overlapTokens > (wanted ?? maxTokens) / 2) {
    throw new AppError(
      "invalid_request",
      `overlap_tokens: ${overlapTokens} is more than half of the passage's ${wanted ?? maxTokens} tokens`,
      { details: { param: "overlap_tokens" } },
    );
  }
  return { maxTokens, overlapTokens: Math.min(overlapTokens, Math.floor(maxTokens / 2)) };
}
