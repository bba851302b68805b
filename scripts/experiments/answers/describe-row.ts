import type { PromptPassage } from "../../../training/answering/protocol.ts";
import type { Question } from "../../../training/answering/question.ts";
import type { Run } from "../../../training/artifacts/trec.ts";
import { parseMeasure } from "../../../training/eval/measures.ts";
import { readPassages } from "./retrieve-row.ts";

export interface RowPassages {
  readonly questions: readonly Question[];
  readonly documents: number;
  readonly texts: ReadonlyMap<string, PromptPassage>;
}

/** Share of the questions of which an accepted answer stands in the passages that are read; undefined for multiple choice. */
export function shareFound(run: Run, { questions, documents, texts }: RowPassages): number | undefined {
  const measure = parseMeasure(`AnswerMatch@${documents}`);
  const found = questions.flatMap((question) => {
    const ranking = readPassages(run, { question, documents, texts }).map(({ id }) => id);
    const passageText = (id: string): string => `${texts.get(id)?.title ?? ""} ${texts.get(id)?.text ?? ""}`;
    const { answers } = question;
    return measure.score({ ranking, grades: new Map(), answers, passageText }) ?? [];
  });
  return found.length === 0 ? undefined : found.reduce((sum, one) => sum + one, 0) / found.length;
}

/** Share of the questions with which the LM reads something else, or the same in another order, than with the reference. */
export function shareChanged(run: Run, reference: Run, { questions, documents }: RowPassages): number {
  const read = (of: Run, id: string): string =>
    JSON.stringify((of.get(id) ?? []).slice(0, documents).map(({ id: passage }) => passage));
  return questions.filter(({ id }) => read(run, id) !== read(reference, id)).length / questions.length;
}
