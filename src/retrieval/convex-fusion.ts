import type { FusionSettings, ScoredPassage } from "./types.ts";

export type Normalization = Extract<FusionSettings, { method: "convex" }>["normalization"];

export interface NormalizableRun {
  readonly run: readonly ScoredPassage[];
  /** The least score this leg can give at all (cosine: -1, bm25: 0); undefined when there is none. */
  readonly floor: number | undefined;
}

/**
 * Convex combination of normalised scores (Bruch, Gai & Ingber, TOIS 2023): score(p) = weight * dense'(p) +
 * (1 - weight) * lexical'(p), where s' = (s - low) / (high - low), high is the run's best score and low is
 * - `min-max`: the run's worst score, so a run's last passage gets 0 whatever its score;
 * - `theoretical`: the leg's floor, so scores keep their proportions and a run of near misses stays high throughout;
 *   a leg without a floor (dot product) falls back to the run's worst score.
 *
 * A passage missing from a run gets 0 from it. When all scores of a run are equal (one entry included) min-max gives 1
 * to each. Ties keep the order of the dense run, then of the lexical one; empty runs give an empty run.
 */
export function convexFusion(
  { dense, lexical }: { readonly dense: NormalizableRun; readonly lexical: NormalizableRun },
  { weight, normalization }: { readonly weight: number; readonly normalization: Normalization },
): ScoredPassage[] {
  const scores = new Map<string, number>();
  for (const [leg, share] of [[dense, weight] as const, [lexical, 1 - weight] as const]) {
    for (const { id, score } of normalizeRun(leg, normalization)) {
      scores.set(id, (scores.get(id) ?? 0) + share * score);
    }
  }
  return [...scores].map(([id, score]) => ({ id, score })).toSorted((a, b) => b.score - a.score);
}

/** The run with scores in 0..1, its best passage at 1. */
export function normalizeRun({ run, floor }: NormalizableRun, normalization: Normalization): ScoredPassage[] {
  let high = -Infinity;
  let worst = Infinity;
  for (const { score } of run) {
    high = Math.max(high, score);
    worst = Math.min(worst, score);
  }
  // Rounding may put a score a hair under its theoretical floor (cosine -1.0000001).
  const low = normalization === "theoretical" && floor !== undefined ? Math.min(floor, worst) : worst;
  const range = high - low;
  return run.map(({ id, score }) => ({ id, score: range > 0 ? (score - low) / range : 1 }));
}
