import { MAX_TOP_K } from "./clamp-top-k.ts";
import { convexFusion, type LegRun } from "./convex-fusion.ts";
import { DENSE_SCALES } from "./dense-scales.ts";
import { reciprocalRankFusion } from "./reciprocal-rank-fusion.ts";
import type { Collection, FusionSettings, ScoredPassage } from "./types.ts";

/** What both legs found for one query, best first. */
export interface LegRuns {
  readonly dense: readonly ScoredPassage[];
  readonly lexical: readonly ScoredPassage[];
  /** Of the dense scores: says where they can start. */
  readonly similarity: Collection["similarity"];
  /** Passages asked of each leg: a run as long as that may have been cut. Default 100, what serves. */
  readonly depth?: number;
}

type Method = FusionSettings["method"];
type Settings = { readonly [M in Method]: Extract<FusionSettings, { method: M }> };

/** bm25 of a passage with none of the words. */
const BM25_FLOOR = 0;

/** Both runs with what is known of their scores, as convex fusion takes them. */
export function toLegRuns({ dense, lexical, similarity, depth = MAX_TOP_K }: LegRuns): {
  readonly dense: LegRun;
  readonly lexical: LegRun;
} {
  const toLegRun = (run: LegRuns["dense"], floor: number | undefined): LegRun => ({
    run,
    floor,
    isCut: run.length >= depth,
  });
  return { dense: toLegRun(dense, DENSE_SCALES[similarity].floor), lexical: toLegRun(lexical, BM25_FLOOR) };
}

const FUSIONS: { readonly [M in Method]: (runs: LegRuns, settings: Settings[M]) => ScoredPassage[] } = {
  rrf: ({ dense, lexical }, { rrfK }) => reciprocalRankFusion([dense, lexical], rrfK),
  convex: (runs, settings) => convexFusion(toLegRuns(runs), settings),
};

/**
 * What a new collection gets when nobody has fitted it (`fit-fusion`) to its own questions or passages. Chosen on development
 * questions; docs/fusion.md has its figures on those and on test sets.
 */
export const DEFAULT_FUSION: FusionSettings = {
  method: "convex",
  weight: 0.75,
  normalization: "theoretical",
  adapt: 1,
};

/** Joins the legs' runs as the collection's record says: each passage once, best first. */
export function fuse<M extends Method>(runs: LegRuns, settings: Settings[M] & { readonly method: M }): ScoredPassage[] {
  return FUSIONS[settings.method](runs, settings);
}
