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
  /** The one that the base encoder finds nearest; undefined without an encoder. */
  readonly nearest: string | undefined;
}

export interface ChoosePositivesOptions {
  /** The LM's best so many passages. AAR: 2. */
  readonly lmPositives: number;
  /** Only those that a gain signal says help. AAR has no such test. */
  readonly gainTest: boolean;
  /**
   * How far the last of them has to be ahead of the next passage, in standard deviations of the question's scores: a question whose
   * preference is less clear gets no positive from the LM. 0: any.
   */
  readonly minLead: number;
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
  /** Self-training: the base encoder's own first passage. */
  "control-base": ({ nearest }) => (nearest === undefined ? [] : [{ passageId: nearest, from: ["control-base"] }]),
  /** The first stage's own first passage; where that is hybrid, full text teaches the encoder, and no LM. */
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
  "control-base",
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

/** The LM's best passages: none where its preference is not clear, those without gain left out where that is asked. */
export function lmPreferred(
  ranking: readonly RankedPassage[],
  { lmPositives, gainTest, minLead }: Pick<ChoosePositivesOptions, "lmPositives" | "gainTest" | "minLead">,
): readonly RankedPassage[] {
  return leadOf(ranking, lmPositives) >= minLead
    ? ranking.slice(0, lmPositives).filter(({ isGain }) => isGain || !gainTest)
    : [];
}

/** Of the first so many over the next, in standard deviations; infinite when there is no next one, 0 when all score the same. */
function leadOf(ranking: readonly RankedPassage[], count: number): number {
  const [last, next] = [ranking[count - 1], ranking[count]];
  if (last === undefined || next === undefined) {
    return Infinity;
  }
  const mean = ranking.reduce((sum, { score }) => sum + score, 0) / ranking.length;
  const variance = ranking.reduce((sum, { score }) => sum + (score - mean) ** 2, 0) / ranking.length;
  return variance === 0 ? 0 : (last.score - next.score) / Math.sqrt(variance);
}

function withScore(positive: Positive, ranking: readonly RankedPassage[]): Positive {
  const score = ranking.find(({ id }) => id === positive.passageId)?.score;
  return score === undefined ? positive : { ...positive, score };
}
