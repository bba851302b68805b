import { normalizeAnswer } from "../eval/normalize-answer.ts";

/** What is known of one question when its candidates are looked through. */
export interface NegativeContext {
  /** The question's positives, and every passage judged relevant that the condition may know of. */
  readonly positives: { has(id: string): boolean };
  /** Rank under the LM's signal, from 1, of the passages it scored. */
  readonly lmRanks: ReadonlyMap<string, number>;
  /** Similarity of the positive that margins are measured from; undefined when none is known. */
  readonly anchor: number | undefined;
  readonly similarity: (id: string) => number | undefined;
  /** Accepted short answers; empty when there are none. */
  readonly answers: readonly string[];
  readonly passageText: (id: string) => string | undefined;
}

export interface NegativeFilterSettings {
  /** Reject what is nearer than (1 - margin) x anchor (NV-Retriever's TopK-PercPos has 0.05). Undefined: no such filter. */
  readonly relativeMargin?: number | undefined;
  /** Reject what is nearer than anchor - margin. Undefined: no such filter. */
  readonly absoluteMargin?: number | undefined;
  /** The LM's first ranks are kept out of the negatives; 0 keeps out none but the positives. */
  readonly sparedLmRanks: number;
  /** Reject what contains an accepted answer. */
  readonly answerFilter: boolean;
}

type Filter = (id: string, context: NegativeContext, settings: NegativeFilterSettings) => boolean;

/**
 * Why a candidate is no hard negative; the first reason in this order is the one counted. Margins are there because a
 * candidate as near as the positive is often a positive that nobody judged.
 */
const FILTERS = {
  positive: (id, { positives }) => positives.has(id),
  "lm-rank": (id, { lmRanks }, { sparedLmRanks }) => (lmRanks.get(id) ?? Infinity) <= sparedLmRanks,
  answer: (id, context, { answerFilter }) => answerFilter && holdsAnswer(id, context),
  "margin-relative": (id, context, { relativeMargin }) =>
    relativeMargin !== undefined && isNearer(id, context, (anchor) => anchor - relativeMargin * Math.abs(anchor)),
  "margin-absolute": (id, context, { absoluteMargin }) =>
    absoluteMargin !== undefined && isNearer(id, context, (anchor) => anchor - absoluteMargin),
} as const satisfies Record<string, Filter>;

export type RejectionReason = keyof typeof FILTERS;

export const REJECTION_REASONS = [
  "positive",
  "lm-rank",
  "answer",
  "margin-relative",
  "margin-absolute",
] as const satisfies readonly RejectionReason[];

/** Why a candidate is rejected; undefined when it may be a hard negative. */
export function rejectionReason(
  id: string,
  context: NegativeContext,
  settings: NegativeFilterSettings,
): RejectionReason | undefined {
  return REJECTION_REASONS.find((reason) => FILTERS[reason](id, context, settings));
}

/** Whether title or text hold an accepted answer, both sides normalised as SQuAD's script does, at word boundaries. */
export function holdsAnswer(id: string, { answers, passageText }: NegativeContext): boolean {
  const wanted = answers.map(normalizeAnswer).filter((answer) => answer !== "");
  if (wanted.length === 0) {
    return false;
  }
  const text = ` ${normalizeAnswer(passageText(id) ?? "")} `;
  return wanted.some((answer) => text.includes(` ${answer} `));
}

function isNearer(id: string, { anchor, similarity }: NegativeContext, limit: (anchor: number) => number): boolean {
  const own = similarity(id);
  return anchor !== undefined && own !== undefined && own > limit(anchor);
}
