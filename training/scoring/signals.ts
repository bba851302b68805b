import { correctness } from "./correctness.ts";
import { fidAttention, fidAttentionNorm, fidAttentionProbability } from "./fid/fid-attention.ts";
import type { FidSignal } from "./fid/fid-attention.ts";
import { leaveOneOut } from "./leave-one-out.ts";
import { likelihoodGain } from "./likelihood-gain.ts";
import { queryLikelihood } from "./query-likelihood.ts";
import { rankOfGold } from "./rank-of-gold.ts";
import { selfAnswer } from "./self-answer.ts";
import type { Signal } from "./signal.ts";

/** Every signal by name, as `--signal` and the field `signal` of a score write it. */
export const SIGNALS: Readonly<Record<string, Signal | FidSignal>> = {
  "likelihood-gain": likelihoodGain,
  "query-likelihood": queryLikelihood,
  "self-answer": selfAnswer,
  correctness,
  "rank-of-gold": rankOfGold,
  "leave-one-out": leaveOneOut,
  "fid-attention": fidAttention,
  "fid-attention-probability": fidAttentionProbability,
  "fid-attention-norm": fidAttentionNorm,
};
