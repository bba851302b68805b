import type { QueryScores } from "../../../training/eval/evaluate-run.ts";
import { meanOf, measureRows } from "./measure-rows.ts";
import type { MeasureRowsOptions } from "./measure-rows.ts";

export interface DocumentChoice {
  readonly documents: number;
  /** Development questions. */
  readonly n: number;
  /** By number of passages; 0 is without any. */
  readonly curve: readonly TriedNumber[];
}

interface TriedNumber {
  readonly documents: number;
  /** Mean log-probability of the right answer. */
  readonly logProb: number;
  /** Standard error of the mean difference to the best number, question by question; 0 of the best itself. */
  readonly standardError: number;
}

export interface ChooseDocumentsOptions extends Omit<MeasureRowsOptions, "documents"> {
  readonly candidates: readonly number[];
}

/**
 * Fixes the number of passages in a prompt on development questions and one row that needs no training: the smallest whose mean is
 * within a standard error of the best one's, because each passage costs as much again. No passage at all is measured beside them, and
 * never chosen.
 */
export async function chooseDocuments({ candidates, ...options }: ChooseDocumentsOptions): Promise<DocumentChoice> {
  const [row = ""] = options.runs.keys();
  const measured: { readonly documents: number; readonly scores: ReadonlyMap<string, QueryScores> }[] = [];
  for (const documents of [0, ...candidates.toSorted((a, b) => a - b)]) {
    const scores = await measureRows({ ...options, documents });
    measured.push({ documents, scores: scores.get(row) ?? new Map() });
  }
  const meanLogProb = (scores: ReadonlyMap<string, QueryScores>): number => meanOf(scores, "LogProb").mean;
  const tried = measured.filter(({ documents }) => documents > 0);
  const [best] = tried.toSorted((a, b) => meanLogProb(b.scores) - meanLogProb(a.scores));
  const reference = best?.scores ?? new Map<string, QueryScores>();
  const curve = measured.map(({ documents, scores }) => ({
    documents,
    logProb: meanLogProb(scores),
    standardError: standardErrorOfDifference(scores, reference),
  }));
  const chosen = curve.find(
    ({ documents, logProb, standardError }) => documents > 0 && logProb >= meanLogProb(reference) - standardError,
  );
  return { documents: chosen?.documents ?? 1, n: options.questions.length, curve };
}

function standardErrorOfDifference(
  scores: ReadonlyMap<string, QueryScores>,
  others: ReadonlyMap<string, QueryScores>,
): number {
  const differences = [...scores].map(([id, of]) => (of["LogProb"] ?? 0) - (others.get(id)?.["LogProb"] ?? 0));
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (differences.length - 1) / differences.length);
}
