import type { MeasureFamily } from "./measure.ts";
import { normalizeAnswer } from "./normalize-answer.ts";

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
