import { comparePairs } from "../../../training/eval/compare-pairs.ts";
import type { PairComparison } from "../../../training/eval/compare-pairs.ts";
import type { PerQueryScores } from "../../../training/eval/per-query-scores.ts";
import { BASE, HUMAN, isTrained } from "./rows.ts";

export interface RowComparison extends Omit<PairComparison, "name"> {
  readonly row: string;
  /** The row that it is compared with. */
  readonly against: string;
}

/**
 * Paired permutation tests over questions. Trained rows against the base and against `human` are corrected by Holm together,
 * measure by measure; those without training against the base are a family of their own.
 */
export function compareRows(scores: ReadonlyMap<string, PerQueryScores>): RowComparison[] {
  const rows = [...scores.keys()];
  const trained = rows.filter(isTrained);
  const family = (names: readonly string[], references: readonly string[]): RowComparison[] => {
    const pairs = references.flatMap((against) =>
      names.flatMap((row) => {
        const [ours, theirs] = [scores.get(row), scores.get(against)];
        return ours === undefined || theirs === undefined || row === against
          ? []
          : [{ row, against, ours, theirs, name: `${row}\n${against}` }];
      }),
    );
    return comparePairs(pairs).map(({ name, ...compared }) => {
      const [row = "", against = ""] = name.split("\n");
      return { row, against, ...compared };
    });
  };
  const untrained = rows.filter((row) => !isTrained(row));
  // Where there is no dense row, full text is compared with nothing at all.
  const reference = scores.has(BASE) ? BASE : "none";
  return [...family(untrained, [reference]), ...family(trained, [BASE, HUMAN])];
}
