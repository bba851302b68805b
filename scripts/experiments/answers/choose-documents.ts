import { meanOf, measureRows } from "./measure-rows.ts";
import type { MeasureRowsOptions } from "./measure-rows.ts";

export interface DocumentChoice {
  readonly documents: number;
  /** Development questions. */
  readonly n: number;
  /** Mean log-probability of the right answer by number of passages; 0 is without any. */
  readonly curve: readonly { readonly documents: number; readonly logProb: number }[];
}

export interface ChooseDocumentsOptions extends Omit<MeasureRowsOptions, "documents"> {
  readonly candidates: readonly number[];
}

/**
 * Fixes the number of passages in a prompt on development questions and one row that needs no training. Of equally good numbers the
 * smallest, which costs the least. No passage at all is measured beside them, and never chosen.
 */
export async function chooseDocuments({ candidates, ...options }: ChooseDocumentsOptions): Promise<DocumentChoice> {
  const [row = ""] = options.runs.keys();
  const curve: { documents: number; logProb: number }[] = [];
  for (const documents of [0, ...candidates]) {
    const scores = await measureRows({ ...options, documents });
    curve.push({ documents, logProb: meanOf(scores.get(row), "LogProb").mean });
  }
  const tried = curve.filter(({ documents }) => documents > 0).toSorted((a, b) => a.documents - b.documents);
  const best = Math.max(...tried.map(({ logProb }) => logProb));
  return {
    documents: tried.find(({ logProb }) => logProb === best)?.documents ?? 1,
    n: options.questions.length,
    curve,
  };
}
