import type { QueryScores } from "../eval/evaluate-run.ts";
import type { AnswerRecord } from "./answer-questions.ts";
import { exactMatch, substringAccuracy, tokenF1 } from "./answer-scores.ts";
import type { Question } from "./question.ts";

/** Scores of a whole set of answers. */
export interface AnswerSummary {
  readonly questions: number;
  /** Means over questions (micro), by measure. */
  readonly means: Readonly<Record<string, number>>;
  /** Unweighted mean of the subjects' accuracies; present when every question has a subject. */
  readonly macro?: number;
  readonly subjects?: number;
  /** Unweighted mean of each category's subjects. */
  readonly categories?: Readonly<Record<string, number>>;
}

/**
 * Scores by question id: `Accuracy` of a choice; `Accuracy` (substring, as in the paper), `EM` and `F1` of an open answer,
 * and `LogProb` of the first accepted answer where the LM tells it.
 */
export function scoreAnswers(
  questions: readonly Question[],
  records: readonly AnswerRecord[],
): ReadonlyMap<string, QueryScores> {
  const byQuestion = new Map(records.map((record) => [record.queryId, record]));
  return new Map(
    questions.map(({ id, answers, choices }) => {
      const { prediction = "", rightAnswerLogProbability: logProbability } = byQuestion.get(id) ?? {};
      return [
        id,
        choices === undefined
          ? {
              Accuracy: substringAccuracy(prediction, answers),
              EM: exactMatch(prediction, answers),
              F1: tokenF1(prediction, answers),
              ...(logProbability === undefined ? {} : { LogProb: logProbability }),
            }
          : { Accuracy: prediction === choices.key ? 1 : 0 },
      ];
    }),
  );
}

/**
 * Micro means, and for sets with subjects the paper's macro: "All" is the unweighted mean over the subjects (57 in MMLU),
 * a category the unweighted mean of its own.
 */
export function summarizeAnswers(
  questions: readonly Question[],
  scores: ReadonlyMap<string, QueryScores>,
): AnswerSummary {
  const measures = new Set([...scores.values()].flatMap((values) => Object.keys(values)));
  const scoreOf = (measure: string, { id }: Question): number => scores.get(id)?.[measure] ?? 0;
  const means = Object.fromEntries(
    [...measures].map((measure) => [measure, mean(questions.map((question) => scoreOf(measure, question)))]),
  );
  const bySubject = Map.groupBy(questions, ({ subject }) => subject);
  if (questions.length === 0 || bySubject.has(undefined)) {
    return { questions: questions.length, means };
  }
  const subjects = [...bySubject.values()].map((asked) => ({
    category: asked[0]?.category,
    accuracy: mean(asked.map((question) => scoreOf("Accuracy", question))),
  }));
  const byCategory = Map.groupBy(subjects, ({ category }) => category ?? "");
  const meanAccuracy = (of: readonly { readonly accuracy: number }[]): number =>
    mean(of.map(({ accuracy }) => accuracy));
  return {
    questions: questions.length,
    means,
    macro: meanAccuracy(subjects),
    subjects: subjects.length,
    ...(byCategory.has("")
      ? {}
      : { categories: Object.fromEntries([...byCategory].map(([name, of]) => [name, meanAccuracy(of)])) }),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
