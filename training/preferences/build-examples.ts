import type { EvaluationSet } from "../artifacts/beir.ts";
import type { TrainingExample } from "../artifacts/training-examples.ts";
import type { Run } from "../artifacts/trec.ts";
import { hardNegatives } from "../mining/hard-negatives.ts";
import type { HardNegativesOptions } from "../mining/hard-negatives.ts";
import { MarginHistogram, suggestMargin } from "../mining/margin-histogram.ts";
import type { MarginBin } from "../mining/margin-histogram.ts";
import { holdsAnswer } from "../mining/negative-filters.ts";
import type { NegativeContext, RejectionReason } from "../mining/negative-filters.ts";
import { choosePositives } from "./choose-positives.ts";
import type { ChoosePositivesOptions, ConditionName, PositiveSources } from "./choose-positives.ts";
import { signalRanking } from "./signal-ranking.ts";
import type { RankedPassage } from "./signal-ranking.ts";
import type { ScoresBySignal } from "./signal-scores.ts";

export interface BuildExamplesOptions {
  readonly set: EvaluationSet;
  readonly candidates: Run;
  readonly similarities: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;
  readonly scores: ScoresBySignal;
  readonly passageText: (id: string) => string | undefined;
  readonly condition: ConditionName;
  /** Signals to rank by; several are fused. Empty: no LM. */
  readonly signals: readonly string[];
  /** First-stage passages that the LM was asked about. AAR: 10. */
  readonly scoreDepth: number;
  /** Grade from which a judged passage is a positive. */
  readonly minGrade: number;
  /**
   * Under `both`, for losses that learn from degrees: people's positives score this much more than the best that the LM scored, in
   * the scores' own unit (standard deviations where signals are fused). Undefined: they keep the LM's score, or have none.
   */
  readonly humanLead?: number | undefined;
  /** Keep only questions with exactly three positives, as AAR's code does. */
  readonly strict3: boolean;
  /** Where margins are measured from: the nearest human positive, or the nearest of the example's own. */
  readonly anchor: "human" | "positives";
  /** `auto`: what the histogram suggests. */
  readonly negatives: Omit<HardNegativesOptions, "relativeMargin"> & {
    readonly relativeMargin: number | "auto" | undefined;
  };
  readonly positives: ChoosePositivesOptions;
}

export interface BuiltExamples {
  readonly examples: readonly TrainingExample[];
  /** Questions that give no example, by reason. */
  readonly dropped: Readonly<Record<"noPositive" | "notThreePositives", number>>;
  readonly histogram: readonly MarginBin[];
  /** Of the histogram; undefined when nothing could be measured. */
  readonly suggestedMargin: number | undefined;
  /** The margin that was used. */
  readonly relativeMargin: number | undefined;
  readonly rejected: ReadonlyMap<RejectionReason, number>;
  readonly filled: number;
  /** Questions without any hard negative. */
  readonly withoutNegatives: number;
}

interface Draft {
  readonly example: Omit<TrainingExample, "hardNegatives">;
  readonly context: NegativeContext;
  readonly candidates: readonly string[];
}

/**
 * Joins judgments and the LM's preferences into training examples, in the order of the questions. Two passes: the
 * similarities of all candidates give the histogram that a margin is taken from, then negatives are chosen.
 */
export function buildExamples(options: BuildExamplesOptions): BuiltExamples {
  const { set, strict3, negatives } = options;
  const drafts: Draft[] = [];
  const dropped = { noPositive: 0, notThreePositives: 0 };
  for (const query of set.queries) {
    const draft = draftExample(query, options);
    const count = draft.example.positives.length;
    if (count === 0) {
      dropped.noPositive++;
    } else if (strict3 && count !== 3) {
      dropped.notThreePositives++;
    } else {
      drafts.push(draft);
    }
  }
  const histogram = histogramOf(drafts);
  const suggestedMargin = suggestMargin(histogram);
  const relativeMargin = negatives.relativeMargin === "auto" ? suggestedMargin : negatives.relativeMargin;
  const rejected = new Map<RejectionReason, number>();
  let filled = 0;
  let withoutNegatives = 0;
  const examples = drafts.map(({ example, context, candidates }) => {
    const chosen = hardNegatives(example.queryId, { candidates, context }, { ...negatives, relativeMargin });
    for (const [reason, count] of chosen.rejected) {
      rejected.set(reason, (rejected.get(reason) ?? 0) + count);
    }
    filled += chosen.filled;
    withoutNegatives += chosen.ids.length === 0 ? 1 : 0;
    return { ...example, hardNegatives: chosen.ids };
  });
  return { examples, dropped, histogram, suggestedMargin, relativeMargin, rejected, filled, withoutNegatives };
}

function draftExample(query: EvaluationSet["queries"][number], options: BuildExamplesOptions): Draft {
  const { set, condition, scores, signals, scoreDepth, minGrade, anchor, similarities, passageText, humanLead } =
    options;
  const queryId = query.id;
  const candidates = (options.candidates.get(queryId) ?? []).map(({ id }) => id);
  const asked = candidates.slice(0, scoreDepth);
  const ranking = signals.length === 0 ? [] : signalRanking(queryId, scores, { signals, candidates: asked });
  const human = [...(set.qrels.get(queryId) ?? [])]
    .filter(([, grade]) => grade >= minGrade)
    .toSorted(([, a], [, b]) => b - a)
    .map(([id]) => id);
  const near = similarities?.get(queryId) ?? new Map<string, number>();
  const sources: PositiveSources = { queryId, human, ranking, candidates: asked, nearest: nearestOf(candidates, near) };
  const chosen = choosePositives(condition, sources, options.positives);
  const isLed = condition === "both" && humanLead !== undefined;
  const scored = scoresOf(isLed ? ledByHuman(ranking, human, humanLead) : ranking);
  const positives = isLed ? chosen.map((positive) => ({ ...positive, score: scored[positive.passageId] })) : chosen;
  // A condition without judgments must not know them: its negatives may hold what people judged relevant.
  const knowsJudgments = condition === "human" || condition === "both";
  const own = positives.map(({ passageId }) => passageId);
  const anchors = knowsJudgments && anchor === "human" && human.length > 0 ? human : own;
  const known = anchors.flatMap((id) => near.get(id) ?? []);
  return {
    example: {
      queryId,
      query: query.text,
      positives,
      ...(Object.keys(scored).length === 0 ? {} : { scores: scored }),
    },
    context: {
      positives: new Set(knowsJudgments ? [...own, ...human] : own),
      lmRanks: new Map(ranking.map(({ id }, index) => [id, index + 1])),
      anchor: known.length === 0 ? undefined : Math.max(...known),
      similarity: (id) => near.get(id),
      answers: query.answers,
      passageText,
    },
    candidates,
  };
}

function scoresOf(ranking: readonly Pick<RankedPassage, "id" | "score">[]): Record<string, number> {
  return Object.fromEntries(ranking.map(({ id, score }) => [id, score]));
}

/** People's positives, all alike, above what the LM ranks; also those that it was not asked about. */
function ledByHuman(
  ranking: readonly RankedPassage[],
  human: readonly string[],
  lead: number,
): readonly Pick<RankedPassage, "id" | "score">[] {
  const others = ranking.filter(({ id }) => !human.includes(id));
  const score = (others[0]?.score ?? 0) + lead;
  return [...human.map((id) => ({ id, score })), ...others];
}

/** Of equals the first; undefined when no similarity is known. */
function nearestOf(candidates: readonly string[], near: ReadonlyMap<string, number>): string | undefined {
  const known = candidates.filter((id) => near.has(id));
  return known.toSorted((a, b) => (near.get(b) ?? 0) - (near.get(a) ?? 0))[0];
}

/** Of all candidates but the positives, for questions whose anchor has a similarity above 0. */
function histogramOf(drafts: readonly Draft[]): readonly MarginBin[] {
  const histogram = new MarginHistogram();
  for (const { context, candidates } of drafts) {
    const { anchor, positives, similarity } = context;
    for (const id of candidates) {
      const own = similarity(id);
      if (anchor !== undefined && anchor > 0 && own !== undefined && !positives.has(id)) {
        histogram.add(own / anchor, holdsAnswer(id, context));
      }
    }
  }
  return histogram.bins;
}
