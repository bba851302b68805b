import { DEFAULT_FUSION } from "../../src/retrieval/fusion.ts";
import { estimateFusion } from "./estimate-fusion.ts";
import type { EstimatedFusion } from "./estimate-fusion.ts";
import type { RetrievedLegs } from "./retrieve-legs.ts";
import { withoutOwnPassages } from "./sentence-questions.ts";

/**
 * Sentences of a corpus are not its questions, so only a weight that is further from the default's is taken from them. Moves of
 * less gained nothing on the development questions of ten sets (the mean was below 0), the one move of more gained 1.6 %; see
 * docs/fusion.md.
 */
const TELLING_DISTANCE = 0.1;
/** Weights have two decimals, whose differences floating point misses by less. */
const ROUNDING = 1e-9;

/** The weight of a collection from runs of `sentenceQuestions`; the default's where they hardly disagree with it. Throws like `estimateFusion`. */
export function estimateFromSentences(legs: RetrievedLegs): EstimatedFusion {
  const estimated = estimateFusion(withoutOwnPassages(legs));
  const usual = DEFAULT_FUSION.method === "convex" ? DEFAULT_FUSION.weight : estimated.fusion.weight;
  const isTelling = Math.abs(estimated.fusion.weight - usual) > TELLING_DISTANCE - ROUNDING;
  return isTelling ? estimated : { ...estimated, fusion: { ...estimated.fusion, weight: usual } };
}
