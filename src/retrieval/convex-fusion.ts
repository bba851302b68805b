import { queryWeight } from "./query-weight.ts";
import type { FusionSettings, ScoredPassage } from "./types.ts";

export type Normalization = Extract<FusionSettings, { method: "convex" }>["normalization"];

/** One leg's run and what is known of its scores. */
export interface LegRun {
  /** Best first. */
  readonly run: readonly ScoredPassage[];
  /** The least score the leg can give at all (cosine: -1, bm25: 0); undefined when there is none. */
  readonly floor: number | undefined;
  /** Whether the run ended for its depth, so that a missing passage may score up to the run's worst. */
  readonly isCut: boolean;
}

export interface ConvexFusionOptions {
  /** The dense leg's share, 0..1. */
  readonly weight: number;
  readonly normalization: Normalization;
  /** How far a query's own scores move its share, see `queryWeight`; under `theoretical` with both floors. Default 0: not at all. */
  readonly adapt?: number;
}

/**
 * Convex combination of normalised scores (Bruch, Gai & Ingber, TOIS 2023): score(p) = share * dense'(p) +
 * (1 - share) * lexical'(p), where share is `weight`, or what `queryWeight` makes of it for this query; s' = (s - low) / (high - low),
 * high is the run's best score and low is
 * - `min-max`: the run's worst score;
 * - `theoretical`: the leg's floor, so that scores keep their proportions and a run of near misses stays high throughout;
 *   without a floor (dot product) as min-max.
 *
 * A passage missing from a run gets 0 from it, but under `theoretical` the run's worst s' when the run was cut: that much
 * it may have scored, and 0 would count a place just below the cut as if the leg had rejected it (this is worth up to 20 %
 * of nDCG@10 where one leg is weak). In a run whose scores are all equal (one entry included) each s' is 1. Ties keep the order of the dense
 * run, then of the lexical one; empty runs add nothing.
 */
export function convexFusion(
  { dense, lexical }: { readonly dense: LegRun; readonly lexical: LegRun },
  { weight, normalization, adapt = 0 }: ConvexFusionOptions,
): ScoredPassage[] {
  const denseScores = normalizeRun(dense, normalization);
  const lexicalScores = normalizeRun(lexical, normalization);
  const isComparable = normalization === "theoretical" && dense.floor !== undefined && lexical.floor !== undefined;
  const share = queryWeight({
    weight,
    adapt: isComparable ? adapt : 0,
    dense: [...denseScores.byId.values()],
    lexical: [...lexicalScores.byId.values()],
  });
  const ids = new Set([...denseScores.byId.keys(), ...lexicalScores.byId.keys()]);
  return [...ids]
    .map((id) => ({
      id,
      score:
        share * (denseScores.byId.get(id) ?? denseScores.missing) +
        (1 - share) * (lexicalScores.byId.get(id) ?? lexicalScores.missing),
    }))
    .toSorted((a, b) => b.score - a.score);
}

interface NormalizedRun {
  /** Best first. */
  readonly byId: ReadonlyMap<string, number>;
  /** For a passage that the run does not have. */
  readonly missing: number;
}

/** The scores of a run in 0..1, see `convexFusion`. */
export function normalizeRun({ run, floor, isCut }: LegRun, normalization: Normalization): NormalizedRun {
  const high = run[0]?.score ?? 0;
  const worst = run.at(-1)?.score ?? 0;
  const base = normalization === "theoretical" ? floor : undefined;
  // Rounding may put a score a hair under its floor (a cosine of -1.0000001).
  const low = Math.min(base ?? worst, worst);
  const range = high - low;
  const scale = (score: number): number => (range > 0 ? (score - low) / range : 1);
  const byId = new Map(run.map(({ id, score }) => [id, scale(score)]));
  return { byId, missing: base !== undefined && isCut ? scale(worst) : 0 };
}
