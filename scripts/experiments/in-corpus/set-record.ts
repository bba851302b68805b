import { comparePairs } from "../../../training/eval/compare-pairs.ts";
import type { PairComparison } from "../../../training/eval/compare-pairs.ts";
import type { PerQueryScores } from "../../../training/eval/per-query-scores.ts";
import type { InCorpusName, InCorpusPart } from "../../../training/reproduction/in-corpus/sets.ts";
import type { Blend } from "../../../training/trainer/blend-weights.ts";
import { IN_CORPUS_CONDITIONS } from "./conditions.ts";
import type { ConditionLabel, InCorpusCondition } from "./conditions.ts";
import type { MeasuredLeg, MeasuredLegs, PartMeter } from "./measure.ts";
import type { RecipeName } from "./recipes.ts";
import { recoveredShare } from "./recovered-share.ts";
import type { RecoveredShare } from "./recovered-share.ts";
import type { Cell } from "./train-cell.ts";

/** What decides; the others are reported beside it. */
const MEASURE = "nDCG@10";

type Compared = Omit<PairComparison, "name" | "measure">;

type MeansByMeasure = Readonly<Record<string, number>>;

/** Means of one row on one part. */
export interface PartRecord {
  readonly part: InCorpusPart;
  readonly n: number;
  readonly means: Readonly<Record<"dense" | "hybrid", MeansByMeasure>> & { readonly fitted?: MeansByMeasure };
  /** Against the base: nDCG@10 of the dense leg. Absent of the base itself. */
  readonly gain?: Compared;
  /** The same of hybrid search with a fitted fusion, where one was fitted. */
  readonly fittedGain?: Compared;
  /** Of the gain by human positives in the same mode. */
  readonly recovered?: RecoveredShare;
  /** Against human positives in the same mode, or the condition's own rival. */
  readonly againstHuman?: Compared;
}

export interface RowRecord {
  readonly condition: ConditionLabel | "base";
  readonly recipe: RecipeName | "";
  readonly examples: number;
  /** Share of the first positives that people judged relevant. */
  readonly right: number | null;
  readonly blend?: Blend;
  readonly parts: readonly PartRecord[];
}

export interface SetRecord {
  readonly set: InCorpusName;
  readonly cohort: string;
  /** Training questions that the conditions share. */
  readonly questions: number;
  readonly stopsOnDev: boolean;
  readonly rows: readonly RowRecord[];
}

/** A trained row, and what it found on each part. */
export interface Measured {
  readonly cell: Cell;
  readonly row: Omit<RowRecord, "parts">;
  readonly legs: readonly MeasuredLegs[];
}

export interface RowRecordsOptions {
  readonly meters: readonly PartMeter[];
  /** In the order of `meters`. */
  readonly base: readonly MeasuredLegs[];
  readonly measured: readonly Measured[];
}

/** The base's row, then one a trained cell. */
export function rowRecords({ meters, base, measured }: RowRecordsOptions): RowRecord[] {
  const gains = meters.map((_, index) => ({
    dense: gainsOverBase("dense", { base, measured, index }),
    fitted: gainsOverBase("fitted", { base, measured, index }),
  }));
  const baseParts = meters.map((meter, index) => partRecord(meter, base[index]));
  return [
    { condition: "base", recipe: "", examples: 0, right: null, parts: baseParts },
    ...measured.map((one) => ({
      ...one.row,
      parts: meters.map((meter, index) => {
        const name = nameOf(one.cell);
        const [gain, fittedGain] = [gains[index]?.dense.get(name), gains[index]?.fitted.get(name)];
        return {
          ...partRecord(meter, one.legs[index]),
          ...(gain === undefined ? {} : { gain }),
          ...(fittedGain === undefined ? {} : { fittedGain }),
          ...besideHuman(one, { base, measured, index }),
        };
      }),
    })),
  ];
}

interface OnePart extends Pick<RowRecordsOptions, "base" | "measured"> {
  readonly index: number;
}

/** Of all rows together, since their p-values are corrected together. */
function gainsOverBase(leg: MeasuredLeg, { base, measured, index }: OnePart): ReadonlyMap<string, Compared> {
  const theirs = scoresOf(base[index], leg);
  const pairs = measured.map(({ cell, legs }) => ({ name: nameOf(cell), ours: scoresOf(legs[index], leg), theirs }));
  return new Map(comparePairs(pairs).map((comparison) => [comparison.name, compared(comparison)]));
}

function nameOf({ condition, recipe }: Cell): string {
  return `${condition} ${recipe}`;
}

/** Beside human positives in the same mode, where there are any. */
function besideHuman(
  { cell, legs }: Measured,
  { base, measured, index }: OnePart,
): Pick<PartRecord, "recovered" | "againstHuman"> {
  const other = (condition: string): Measured | undefined =>
    condition === cell.condition
      ? undefined
      : measured.find((one) => one.cell.condition === condition && one.cell.recipe === cell.recipe);
  const { rival: rivalName = "human" }: InCorpusCondition = IN_CORPUS_CONDITIONS[cell.condition];
  const [human, rival] = [other("human"), other(rivalName)];
  const pairs =
    rival === undefined ? [] : [{ name: "", ours: scoresOf(legs[index]), theirs: scoresOf(rival.legs[index]) }];
  const [againstHuman] = comparePairs(pairs);
  const recovered =
    human === undefined
      ? undefined
      : recoveredShare(gainsOf(legs[index], base[index]), gainsOf(human.legs[index], base[index]));
  return {
    ...(recovered === undefined ? {} : { recovered }),
    ...(againstHuman === undefined ? {} : { againstHuman: compared(againstHuman) }),
  };
}

function compared({ name: _name, measure: _measure, ...comparison }: PairComparison): Compared {
  return comparison;
}

function partRecord({ part, questions }: PartMeter, legs: MeasuredLegs | undefined): PartRecord {
  const meansOf = (leg: MeasuredLeg): Record<string, number> =>
    Object.fromEntries((legs?.[leg]?.means ?? []).map(({ measure, mean }) => [measure, mean]));
  const fitted = legs?.fitted === undefined ? {} : { fitted: meansOf("fitted") };
  return { part, n: questions, means: { dense: meansOf("dense"), hybrid: meansOf("hybrid"), ...fitted } };
}

/** nDCG@10 by question. */
function scoresOf(legs: MeasuredLegs | undefined, leg: MeasuredLeg = "dense"): PerQueryScores {
  return new Map([...(legs?.[leg]?.perQuery ?? [])].map(([id, scores]) => [id, { [MEASURE]: scores[MEASURE] ?? 0 }]));
}

function gainsOf(legs: MeasuredLegs | undefined, base: MeasuredLegs | undefined): number[] {
  const theirs = scoresOf(base);
  return [...scoresOf(legs)].map(([id, scores]) => (scores[MEASURE] ?? 0) - (theirs.get(id)?.[MEASURE] ?? 0));
}
