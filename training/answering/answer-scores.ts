import { normalizeAnswer } from "../eval/normalize-answer.ts";

/** What one answer is worth against the accepted ones; each 0..1. */
type AnswerScore = (prediction: string, answers: readonly string[]) => number;

/**
 * The paper's measure of PopQA (its code, `metrics.py::popqa`): 1 when an accepted answer stands in the prediction as a
 * substring, as it is, in lower case, or as Python's `capitalize` writes it. Nothing is normalised and the prediction keeps
 * its case, so short answers match inside longer words ("pol" in "politics"): report EM and F1 beside it.
 */
export const substringAccuracy: AnswerScore = (prediction, answers) =>
  answers.some((answer) => [answer, answer.toLowerCase(), capitalize(answer)].some((form) => prediction.includes(form)))
    ? 1
    : 0;

/** SQuAD's exact match: 1 when the prediction equals an accepted answer after `normalizeAnswer`. */
export const exactMatch: AnswerScore = (prediction, answers) =>
  answers.some((answer) => normalizeAnswer(answer) === normalizeAnswer(prediction)) ? 1 : 0;

/**
 * SQuAD's F1: harmonic mean of precision and recall over the words of both sides as multisets after `normalizeAnswer`, the
 * best over the accepted answers. 0 without a common word; 1 when both sides are empty of words (SQuAD 2.0's rule).
 */
export const tokenF1: AnswerScore = (prediction, answers) =>
  Math.max(0, ...answers.map((answer) => f1(words(prediction), words(answer))));

function f1(predicted: readonly string[], expected: readonly string[]): number {
  if (predicted.length === 0 || expected.length === 0) {
    return predicted.length === expected.length ? 1 : 0;
  }
  const left = new Map<string, number>();
  for (const word of expected) {
    left.set(word, (left.get(word) ?? 0) + 1);
  }
  let common = 0;
  for (const word of predicted) {
    const count = left.get(word) ?? 0;
    left.set(word, count - 1);
    common += count > 0 ? 1 : 0;
  }
  return common === 0 ? 0 : (2 * common) / (predicted.length + expected.length);
}

function words(text: string): string[] {
  return normalizeAnswer(text)
    .split(" ")
    .filter((word) => word !== "");
}

/** Python's `str.capitalize`: the first character in upper case, all others in lower case. */
function capitalize(text: string): string {
  const [first = "", ...rest] = text;
  return first.toUpperCase() + rest.join("").toLowerCase();
}
