import { normalizeRun } from "../../src/retrieval/convex-fusion.ts";
import { toLegRuns } from "../../src/retrieval/fusion.ts";
import { separation } from "../../src/retrieval/query-weight.ts";
import type { FusionSettings } from "../../src/retrieval/types.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { RetrievedLegs } from "./retrieve-legs.ts";

/** Where both legs deserve the same weight, and how fast the odds fall beyond: chosen on development questions, see docs/fusion.md. */
const EVEN_RATIO = 6.25;
const STEEPNESS = 3;
/** Neither leg is left out on the word of a statistic. */
const WEIGHTS = { min: 0.3, max: 0.95 } as const;

export interface EstimatedFusion {
  readonly fusion: Extract<FusionSettings, { method: "convex" }>;
  /** Mean separation of the lexical leg over that of the dense one. */
  readonly ratio: number;
  /** Questions for which both legs found at least two passages. */
  readonly questions: number;
}

/**
 * The weight of a collection from the scores of questions alone, without judgments: `odds = (6.25 / ratio)^3`, where ratio is how
 * far bm25 sets first passages apart from the tenth, over how far the dense leg does, both on the scale of `theoretical` and
 * as means over questions. A dense leg that hardly tells passages apart (questions about one of many like stories) gets little.
 * @throws AppError `invalid_request` when no question has two passages of each leg, or for a similarity without a floor.
 */
export function estimateFusion({ dense, lexical, similarity, depth }: RetrievedLegs): EstimatedFusion {
  if (similarity === "dot-product") {
    throw new AppError(
      "invalid_request",
      "scores of dot products have no common scale, so they cannot tell a weight: fit it on judged questions",
    );
  }
  const sums = { dense: 0, lexical: 0, questions: 0 };
  for (const [queryId, run] of dense ?? []) {
    const legs = toLegRuns({ dense: run, lexical: lexical?.get(queryId) ?? [], similarity, depth });
    const [ofDense, ofLexical] = [legs.dense, legs.lexical].map((leg) =>
      separation([...normalizeRun(leg, "theoretical").byId.values()]),
    );
    if (ofDense !== undefined && ofLexical !== undefined && !Number.isNaN(ofDense) && !Number.isNaN(ofLexical)) {
      sums.dense += ofDense;
      sums.lexical += ofLexical;
      sums.questions += 1;
    }
  }
  const ratio = sums.lexical / sums.dense;
  if (!(ratio > 0 && ratio < Infinity)) {
    throw new AppError("invalid_request", "no question finds passages of different scores in both legs");
  }
  const odds = (EVEN_RATIO / ratio) ** STEEPNESS;
  const weight = Math.min(WEIGHTS.max, Math.max(WEIGHTS.min, odds / (1 + odds)));
  const rounded = Math.round(weight * 100) / 100;
  return {
    fusion: { method: "convex", weight: rounded, normalization: "theoretical", adapt: 1 },
    ratio,
    questions: sums.questions,
  };
}
