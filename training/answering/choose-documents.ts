import { answerQuestions } from "./answer-questions.ts";
import type { AnswerQuestionsOptions } from "./answer-questions.ts";
import { scoreAnswers, summarizeAnswers } from "./score-answers.ts";

export interface DocumentChoice {
  readonly documents: number;
  /** Accuracy at each number tried: macro where the questions have subjects, else micro. */
  readonly curve: readonly { readonly documents: number; readonly accuracy: number }[];
}

export interface ChooseDocumentsOptions extends Omit<AnswerQuestionsOptions, "documents" | "output"> {
  readonly candidates: readonly number[];
  /** Journal of each number tried. */
  readonly outputOf: (documents: number) => string;
}

/**
 * Fixes the number of passages in a prompt on development questions (the paper seems to have chosen it on the split it
 * reports). Of equally good numbers the smallest, which costs the least.
 */
export async function chooseDocuments({
  candidates,
  outputOf,
  ...options
}: ChooseDocumentsOptions): Promise<DocumentChoice> {
  const curve: { documents: number; accuracy: number }[] = [];
  for (const documents of [...new Set(candidates)].toSorted((a, b) => a - b)) {
    const records = await answerQuestions({ ...options, documents, output: outputOf(documents) });
    const { macro, means } = summarizeAnswers(options.questions, scoreAnswers(options.questions, records));
    curve.push({ documents, accuracy: macro ?? means["Accuracy"] ?? 0 });
  }
  const best = Math.max(...curve.map(({ accuracy }) => accuracy));
  return { documents: curve.find(({ accuracy }) => accuracy === best)?.documents ?? 0, curve };
}
