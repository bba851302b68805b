import { correctness } from "./correctness.ts";
import { leaveOneOut } from "./leave-one-out.ts";
import { likelihoodGain } from "./likelihood-gain.ts";
import { queryLikelihood } from "./query-likelihood.ts";
import { rankOfGold } from "./rank-of-gold.ts";
import { selfAnswer } from "./self-answer.ts";
import type { Signal } from "./signal.ts";

/** Every signal by name, as `--signal` and the field `signal` of a score write it. */
export const SIGNALS: Readonly<Record<string, Signal>> = {
  "likelihood-gain": likelihoodGain,
  "query-likelihood": queryLikelihood,
  "self-answer": selfAnswer,
  correctness,
  "rank-of-gold": rankOfGold,
  "leave-one-out": leaveOneOut,
};
