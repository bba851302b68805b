import type { PromptPassage } from "../../../training/answering/protocol.ts";
import type { QueryScores } from "../../../training/eval/evaluate-run.ts";
import { compareRows } from "./compare-rows.ts";
import type { RowComparison } from "./compare-rows.ts";
import { shareChanged, shareFound } from "./describe-row.ts";
import { meanOf } from "./measure-rows.ts";
import type { OpenedPart } from "./open-parts.ts";
import { BASE } from "./rows.ts";

const MEASURES = ["LogProb", "Accuracy", "EM", "F1"];

export interface RowRecord {
  readonly row: string;
  readonly means: Readonly<Record<string, number>>;
  /** See `shareFound`. */
  readonly found?: number;
  /** Against the base, see `shareChanged`. */
  readonly changed?: number;
}

/** All rows on the same questions. */
export interface PartRecord {
  readonly part: string;
  /** Questions by measure. */
  readonly n: Readonly<Record<string, number>>;
  readonly rows: readonly RowRecord[];
  readonly comparisons: readonly RowComparison[];
}

export interface PartRecordOptions {
  readonly documents: number;
  readonly texts: ReadonlyMap<string, PromptPassage>;
}

/** Means and tests of a part. */
export function partRecord(
  { name, questions, runs }: OpenedPart,
  scores: ReadonlyMap<string, ReadonlyMap<string, QueryScores>>,
  { documents, texts }: PartRecordOptions,
): PartRecord {
  const base = runs.get(BASE);
  const read = { questions, documents, texts };
  const [first] = scores.values();
  const measures = MEASURES.filter((measure) => meanOf(first, measure).n > 0);
  return {
    part: name,
    n: Object.fromEntries(measures.map((measure) => [measure, meanOf(first, measure).n])),
    rows: [...runs].map(([row, run]) => {
      const found = shareFound(run, read);
      return {
        row,
        means: Object.fromEntries(measures.map((measure) => [measure, meanOf(scores.get(row), measure).mean])),
        ...(found === undefined ? {} : { found }),
        ...(base === undefined || row === BASE ? {} : { changed: shareChanged(run, base, read) }),
      };
    }),
    comparisons: compareRows(scores),
  };
}
