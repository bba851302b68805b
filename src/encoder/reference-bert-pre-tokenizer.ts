import { BertPreTokenizer } from "@huggingface/tokenizers";

const PUNCTUATION = String.raw`\p{P}\u0021-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u007E`;
const WORD_OR_PUNCTUATION = new RegExp(`[^\\p{White_Space}${PUNCTUATION}]+|[${PUNCTUATION}]`, "gu");

/**
 * The library's splitter into words and marks of punctuation, with what Unicode calls white space, as in Hugging Face's Rust
 * original: JavaScript's own `\s` holds U+FEFF and lacks U+0085. It shows where the normaliser does not clean the text.
 */
export class ReferenceBertPreTokenizer extends BertPreTokenizer {
  override pre_tokenize_text(text: string): string[] {
    return text.match(WORD_OR_PUNCTUATION) ?? [];
  }
}
