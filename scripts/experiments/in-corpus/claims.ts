import { holm } from "../../../training/eval/holm.ts";
import type { ConditionLabel } from "./conditions.ts";
import type { PartRecord, RowRecord, SetRecord } from "./set-record.ts";

/** A statement about one row on one part, and what was measured of it. */
export interface Claim {
  readonly set: string;
  readonly part: string;
  readonly n: number;
  /** What is claimed to be better than what. */
  readonly statement: string;
  /** nDCG@10 of the dense leg: first minus second. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly pValue: number;
  /** Holm's over all claims. */
  readonly pHolm: number;
  /** Share of the human gain, where it is about that. */
  readonly recovered?: NonNullable<PartRecord["recovered"]>;
}

export interface ClaimsOptions {
  readonly records: readonly SetRecord[];
  /** The condition that needs neither judgments nor answers, as it was chosen on development parts. */
  readonly free: ConditionLabel;
  /** Human positives and LM's: the paper's own. */
  readonly both: ConditionLabel;
  readonly recipe: RowRecord["recipe"];
}

type Compared = Pick<Claim, "difference" | "low" | "high" | "pValue">;

/**
 * The claims under test, with p-values corrected together: the paper's (both better than the base and than human positives alone), and
 * ours (positives of an LM that saw no judgment and no answer better than the base; not worse on passages that training never saw).
 */
export function claims({ records, free, both, recipe }: ClaimsOptions): Claim[] {
  const found = records.flatMap(({ set, rows }) => {
    const rowOf = (condition: ConditionLabel): RowRecord | undefined =>
      rows.find((row) => row.condition === condition && row.recipe === recipe);
    const about = (row: RowRecord | undefined, name: string): Omit<Claim, "pHolm">[] =>
      (row?.parts ?? []).flatMap(({ part, n, gain, againstHuman, recovered }) => {
        const line = { set, part, n };
        const share = recovered === undefined ? {} : { recovered };
        return [
          ...(gain === undefined ? [] : [{ ...line, statement: `${name} > base`, ...compared(gain), ...share }]),
          ...(againstHuman === undefined || name !== "both"
            ? []
            : [{ ...line, statement: `${name} > human`, ...compared(againstHuman) }]),
        ];
      });
    return [...about(rowOf(free), "LM without judgments"), ...about(rowOf(both), "both")];
  });
  const corrected = holm(found.map(({ pValue }) => pValue));
  return found.map((claim, index) => ({ ...claim, pHolm: corrected[index] ?? 1 }));
}

function compared({ meanDifference, interval, pValue }: NonNullable<PartRecord["gain"]>): Compared {
  return { difference: meanDifference, low: interval.low, high: interval.high, pValue };
}
