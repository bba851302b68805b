import type { MeasureFamily } from "./measure.ts";

/**
 * 1 when one of the accepted answers stands in title or text of one of the first k passages, else 0; undefined for a
 * query without answers. Both sides are normalised as SQuAD's script does; then a substring decides, so "pol" matches
 * "politics": kind to inflection, unkind to short answers. Fit for short factual answers, not for free-form ones.
 */
export const answerMatch: MeasureFamily = {
  name: "AnswerMatch",
  aliases: ["answer_match"],
  needsCutoff: true,
  isBinary: false,
  score({ ranking, answers, passageText }, { cutoff }) {
    const wanted = answers.map(normalizeAnswer).filter((answer) => answer !== "");
    if (wanted.length === 0) {
      return undefined;
    }
    const isMatch = ranking.slice(0, cutoff).some((id) => {
      const text = normalizeAnswer(passageText(id) ?? "");
      return wanted.some((answer) => text.includes(answer));
    });
    return isMatch ? 1 : 0;
  },
};

/** SQuAD 1.1's `normalize_answer`: lower case, ASCII punctuation and the articles a, an, the out, white space to one space. */
function normalizeAnswer(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[!-/:-@[-`{-~]/gu, "")
    .replaceAll(/(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu, " ")
    .split(/\s+/u)
    .filter((word) => word !== "")
    .join(" ");
}
