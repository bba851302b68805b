/** The normalised scores of one leg, best first. */
export type NormalizedScores = readonly number[];

/** The place whose distance from the first is a leg's separation. */
const SEPARATED_RANK = 10;

/**
 * How many times farther bm25 sets its first passage apart from its tenth than the dense leg does, for an ordinary query under
 * `theoretical`: means over eleven sets of development questions are 2.6 to 7.2.
 */
const ORDINARY_RATIO = 4;

/** A query moves the odds at most by this factor, to the power of `adapt`: nine neighbours are little to judge a leg by. */
const MAX_FACTOR = 4;

export interface QueryWeightOptions {
  /** The dense leg's share for an ordinary query, 0..1. */
  readonly weight: number;
  /** 0: the same share for every query. */
  readonly adapt: number;
  readonly dense: NormalizedScores;
  readonly lexical: NormalizedScores;
}

/**
 * The dense leg's share for one query: `odds(share) = odds(weight) x (4 x separation(dense) / separation(lexical))^adapt`. A leg
 * that sets its best passages clearly apart from the rest tends to be right, one with a crowd of near misses to guess. Legs
 * with fewer than two passages, or with a first one no better than the tenth, say nothing of it: the share is `weight`.
 */
export function queryWeight({ weight, adapt, dense, lexical }: QueryWeightOptions): number {
  const factor = (ORDINARY_RATIO * separation(dense)) / separation(lexical);
  if (adapt === 0 || !(factor > 0 && factor < Infinity)) {
    return weight;
  }
  const scale = Math.min(MAX_FACTOR, Math.max(1 / MAX_FACTOR, factor)) ** adapt;
  // odds / (1 + odds), written so that the shares 0 and 1 stay themselves, to the last bit.
  return (weight * scale) / (weight * scale + (1 - weight));
}

/** Distance of the first score from the tenth, or from the last of fewer; NaN of fewer than two. */
export function separation(scores: NormalizedScores): number {
  const first = scores[0] ?? Number.NaN;
  return scores.length < 2 ? Number.NaN : first - (scores[Math.min(SEPARATED_RANK, scores.length) - 1] ?? first);
}
