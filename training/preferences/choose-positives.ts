import { hashFraction } from "../artifacts/hash-split.ts";
import type { TrainingExample } from "../artifacts/training-examples.ts";
import type { RankedPassage } from "./signal-ranking.ts";

type Positive = TrainingExample["positives"][number];

/** What positives of one question can be made of. */
export interface PositiveSources {
  readonly queryId: string;
  /** Judged relevant, best grade first. */
  readonly human: readonly string[];
  /** As the source LM ranks the first candidates. */
  readonly ranking: readonly RankedPassage[];
  /** The first stage's passages that the LM was asked about, best first. */
  readonly candidates: readonly string[];
}

export interface ChoosePositivesOptions {
  /** The LM's best so many passages. AAR: 2. */
  readonly lmPositives: number;
  /** Only those that a gain signal says help. AAR has no such test. */
  readonly gainTest: boolean;
  /** Recorded as who says so: the signal's name, or several joined by `+`. */
  readonly signal: string;
  /** Of the random control. */
  readonly seed: number;
}

type Condition = (sources: PositiveSources, options: ChoosePositivesOptions) => readonly Positive[];

const human: Condition = ({ human, ranking }) =>
  human.map((passageId) => withScore({ passageId, from: ["human"] }, ranking));

const lm: Condition = (sources, options) =>
  lmPreferred(sources.ranking, options).map(({ id, score }) => ({ passageId: id, from: [options.signal], score }));

/** Where positives come from. The controls use the passages that the LM was asked about, but not what it said. */
const CONDITION_TABLE = {
  human,
  lm,
  /** The union; a passage that both name says so. AAR's, which does not replace it by the LM's next one either. */
  both: (sources, options) => {
    const preferred = lm(sources, options);
    const ids = new Set(preferred.map(({ passageId }) => passageId));
    const judged = human(sources, options);
    return [
      ...judged.map((positive) =>
        ids.has(positive.passageId) ? { ...positive, from: ["human", options.signal] } : positive,
      ),
      ...preferred.filter(({ passageId }) => !sources.human.includes(passageId)),
    ];
  },
  /** Self-training: the first stage's own first passage. */
  "control-first": ({ candidates }) =>
    candidates.slice(0, 1).map((passageId) => ({ passageId, from: ["control-first"] })),
  /** Any of the passages the LM was asked about. */
  "control-random": ({ queryId, candidates }, { seed }) => {
    const passageId = candidates[Math.floor(hashFraction(`random:${queryId}`, seed) * candidates.length)];
    return passageId === undefined ? [] : [{ passageId, from: ["control-random"] }];
  },
} as const satisfies Record<string, Condition>;

export type ConditionName = keyof typeof CONDITION_TABLE;

export const CONDITIONS = [
  "human",
  "lm",
  "both",
  "control-first",
  "control-random",
] as const satisfies readonly ConditionName[];

/** The positives of one question under a condition; may be none. */
export function choosePositives(
  condition: ConditionName,
  sources: PositiveSources,
  options: ChoosePositivesOptions,
): readonly Positive[] {
  return CONDITION_TABLE[condition](sources, options);
}

/** The LM's best passages, those without gain left out where that is asked. */
export function lmPreferred(
  ranking: readonly RankedPassage[],
  { lmPositives, gainTest }: Pick<ChoosePositivesOptions, "lmPositives" | "gainTest">,
): readonly RankedPassage[] {
  return ranking.slice(0, lmPositives).filter(({ isGain }) => isGain || !gainTest);
}

function withScore(positive: Positive, ranking: readonly RankedPassage[]): Positive {
  const score = ranking.find(({ id }) => id === positive.passageId)?.score;
  return score === undefined ? positive : { ...positive, score };
}
