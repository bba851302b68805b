import { BertNormalizer } from "@huggingface/tokenizers";

/** The CJK blocks beyond the Basic Multilingual Plane that BERT puts spaces around (extensions B to E, compatibility). */
const ASTRAL_CJK =
  /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/**
 * The library's BERT normaliser with two differences from Hugging Face's Rust original mended: CJK characters outside
 * the Basic Multilingual Plane are words of their own too, and a capital sigma becomes "σ" wherever it stands
 * (JavaScript writes "ς" at the end of a word; the Rust library lowers one character at a time).
 */
export class ReferenceBertNormalizer extends BertNormalizer {
  override normalize(text: string): string {
    const spaced = this.config.handle_chinese_chars === true ? text.replaceAll(ASTRAL_CJK, " $& ") : text;
    return super.normalize(this.config.lowercase === true ? spaced.replaceAll("Σ", "σ") : spaced);
  }
}
