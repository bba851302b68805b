import type { ConditionName } from "../../../training/preferences/choose-positives.ts";

/** What the positives of training come from. */
export interface InCorpusCondition {
  /** As `aar build` has it. */
  readonly condition: ConditionName;
  /** Signals of the source LM, `first-stage` among them; several are fused. */
  readonly signals: readonly string[];
  /** See `build --min-lead`. */
  readonly minLead?: number;
  /** All first-stage passages are in each example, with their scores: for losses that learn from degrees. */
  readonly isGraded?: boolean;
  /** See `build --human-lead`. */
  readonly humanLead?: number;
  /** People judged only this share of the training questions, the first by a hash; the others have the LM's labels alone. */
  readonly judgedShare?: number;
  /** The row that it has to beat; by default `human`. */
  readonly rival?: string;
}

/** With signals that judge in different ways, unclear cases are left out: what is left is right far more often. */
const CLEAR = 0.5;

const FIFTH = 0.2;

const BOTH_GRADED = { condition: "both", isGraded: true } as const;

/** Names say what a team would need: `gold` answers, judgments (`human`), or neither (`free`). */
export const IN_CORPUS_CONDITIONS = {
  human: { condition: "human", signals: [] },
  "lm-gold": { condition: "lm", signals: ["likelihood-gain"] },
  "lm-gold-agreement": {
    condition: "lm",
    signals: ["likelihood-gain", "query-likelihood", "first-stage"],
    minLead: CLEAR,
  },
  "lm-free": { condition: "lm", signals: ["query-likelihood"] },
  "lm-free-agreement": { condition: "lm", signals: ["query-likelihood", "first-stage"], minLead: CLEAR },
  "lm-free-fused": { condition: "lm", signals: ["query-likelihood", "first-stage"] },
  "lm-free-graded": { condition: "lm", signals: ["query-likelihood", "first-stage"], isGraded: true },
  "lm-gold-graded": {
    condition: "lm",
    signals: ["likelihood-gain", "query-likelihood", "first-stage"],
    isGraded: true,
  },
  "lm-gain-graded": { condition: "lm", signals: ["likelihood-gain", "first-stage"], isGraded: true },
  // Named twice, so that it is fused: z-scores, as the LM's.
  "control-first-graded": { condition: "lm", signals: ["first-stage", "first-stage"], isGraded: true },
  "lm-self": { condition: "lm", signals: ["self-answer"] },
  "lm-self-agreement": {
    condition: "lm",
    signals: ["self-answer", "query-likelihood", "first-stage"],
    minLead: CLEAR,
  },
  "human+lm-gold": { condition: "both", signals: ["likelihood-gain"] },
  "human+lm-free": { condition: "both", signals: ["query-likelihood"] },
  // People above the LM's best by half, one and two standard deviations of its scores.
  "human+lm-free-graded-half": { ...BOTH_GRADED, signals: ["query-likelihood", "first-stage"], humanLead: 0.5 },
  "human+lm-free-graded": { ...BOTH_GRADED, signals: ["query-likelihood", "first-stage"], humanLead: 1 },
  "human+lm-free-graded-two": { ...BOTH_GRADED, signals: ["query-likelihood", "first-stage"], humanLead: 2 },
  "human+lm-gain-graded-half": { ...BOTH_GRADED, signals: ["likelihood-gain", "first-stage"], humanLead: 0.5 },
  "human+lm-gain-graded": { ...BOTH_GRADED, signals: ["likelihood-gain", "first-stage"], humanLead: 1 },
  "human+lm-gain-graded-two": { ...BOTH_GRADED, signals: ["likelihood-gain", "first-stage"], humanLead: 2 },
  // A team that judged a fifth of its questions: is the LM worth asking about the others?
  "human-fifth": { condition: "human", signals: [], judgedShare: FIFTH },
  "human-fifth+lm-free-graded": {
    ...BOTH_GRADED,
    signals: ["query-likelihood", "first-stage"],
    humanLead: 2,
    judgedShare: FIFTH,
    rival: "human-fifth",
  },
  "human+lm-free-agreement": { condition: "both", signals: ["query-likelihood", "first-stage"], minLead: CLEAR },
  "control-first": { condition: "control-first", signals: [] },
  "control-first-clear": { condition: "lm", signals: ["first-stage"], minLead: CLEAR },
  "control-base": { condition: "control-base", signals: [] },
  "control-random": { condition: "control-random", signals: [] },
} as const satisfies Readonly<Record<string, InCorpusCondition>>;

export type ConditionLabel = keyof typeof IN_CORPUS_CONDITIONS;
