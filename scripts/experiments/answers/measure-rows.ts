import type { PromptPassage } from "../../../training/answering/protocol.ts";
import type { Question } from "../../../training/answering/question.ts";
import type { Run } from "../../../training/artifacts/trec.ts";
import type { QueryScores } from "../../../training/eval/evaluate-run.ts";
import { askPairs } from "./ask-pairs.ts";
import type { AskPairsOptions } from "./ask-pairs.ts";
import { readPassages } from "./retrieve-row.ts";

export interface MeasureRowsOptions extends Omit<AskPairsOptions, "pairs"> {
  readonly questions: readonly Question[];
  /** What each row found, by its name. */
  readonly runs: ReadonlyMap<string, Run>;
  /** Passages in a prompt. */
  readonly documents: number;
  readonly texts: ReadonlyMap<string, PromptPassage>;
}

/** Scores of every row by question. All rows of a question are asked for before the next question. */
export async function measureRows({
  questions,
  runs,
  documents,
  texts,
  ...asking
}: MeasureRowsOptions): Promise<Map<string, Map<string, QueryScores>>> {
  const cells = questions.flatMap((question) =>
    [...runs].map(([row, run]) => ({ row, question, passages: readPassages(run, { question, documents, texts }) })),
  );
  const outcomes = await askPairs({ ...asking, pairs: cells });
  const scores = new Map([...runs.keys()].map((row) => [row, new Map<string, QueryScores>()]));
  for (const [index, { row, question }] of cells.entries()) {
    scores.get(row)?.set(question.id, asking.task.score(outcomes[index] ?? {}, question));
  }
  return scores;
}

/** Mean of a measure over the questions that have it, and how many those are. */
export function meanOf(
  scores: ReadonlyMap<string, QueryScores> | undefined,
  measure: string,
): { readonly mean: number; readonly n: number } {
  const values = [...(scores?.values() ?? [])].flatMap((of) => of[measure] ?? []);
  return { mean: values.reduce((sum, value) => sum + value, 0) / values.length, n: values.length };
}

/** The same rows with the measures of both; what only the second has, is left out. */
export function joinScores(
  scores: ReadonlyMap<string, ReadonlyMap<string, QueryScores>>,
  others: ReadonlyMap<string, ReadonlyMap<string, QueryScores>>,
): Map<string, Map<string, QueryScores>> {
  return new Map(
    [...scores].map(([row, byQuestion]) => [
      row,
      new Map([...byQuestion].map(([id, of]) => [id, { ...of, ...others.get(row)?.get(id) }])),
    ]),
  );
}
