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

/** A row that something is claimed of. */
interface ClaimedRow {
  readonly condition: ConditionLabel;
  /** In words. */
  readonly name: string;
  /** What it has to beat beside the base, in words. */
  readonly rival?: string;
}

/**
 * Conditions as they were chosen on development parts: ours, which needs neither judgments nor answers; the paper's, human positives and
 * the LM's, as a union and by degrees; and the paper's for a team that has judged little.
 */
const CLAIMED: readonly ClaimedRow[] = [
  { condition: "lm-free-graded", name: "LM without judgments" },
  { condition: "human+lm-free", name: "both", rival: "human" },
  { condition: "human+lm-free-graded-two", name: "both by degrees", rival: "human" },
  { condition: "human-fifth+lm-free-graded", name: "a fifth judged and the LM", rival: "a fifth judged" },
];

export interface ClaimsOptions {
  readonly records: readonly SetRecord[];
  readonly recipe: RowRecord["recipe"];
}

type Compared = Pick<Claim, "difference" | "low" | "high" | "pValue">;

/**
 * The claims under test, with p-values corrected together: the paper's (both better than the base and than human positives alone), and
 * ours (positives of an LM that saw no judgment and no answer better than the base; not worse on passages that training never saw).
 */
export function claims({ records, recipe }: ClaimsOptions): Claim[] {
  const found = records.flatMap(({ set, rows }) => {
    const rowOf = (condition: ConditionLabel): RowRecord | undefined =>
      rows.find((row) => row.condition === condition && row.recipe === recipe);
    const about = ({ condition, name, rival }: ClaimedRow): Omit<Claim, "pHolm">[] =>
      (rowOf(condition)?.parts ?? []).flatMap(({ part, n, gain, againstHuman, recovered }) => {
        const line = { set, part, n };
        const share = recovered === undefined ? {} : { recovered };
        return [
          ...(gain === undefined ? [] : [{ ...line, statement: `${name} > base`, ...compared(gain), ...share }]),
          ...(againstHuman === undefined || rival === undefined
            ? []
            : [{ ...line, statement: `${name} > ${rival}`, ...compared(againstHuman) }]),
        ];
      });
    return CLAIMED.flatMap(about);
  });
  const corrected = holm(found.map(({ pValue }) => pValue));
  return found.map((claim, index) => ({ ...claim, pHolm: corrected[index] ?? 1 }));
}

function compared({ meanDifference, interval, pValue }: NonNullable<PartRecord["gain"]>): Compared {
  return { difference: meanDifference, low: interval.low, high: interval.high, pValue };
}
