import type { TokenLogProb } from "../llama/local-lm.ts";

/** Candidates of one sampled token: beyond these a language model's probabilities are noise. */
export const CANDIDATES = 200;

export interface SampleTokenOptions {
  /** 0 takes the most likely token. */
  readonly temperature: number;
  /** Only the most likely tokens that together have this probability. */
  readonly topP: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Draws the next token from the most likely ones, best first: temperature first, then the nucleus, as OpenAI's API orders them.
 * Throws a RangeError when there are none.
 */
export function sampleToken(
  candidates: readonly TokenLogProb[],
  { temperature, topP, random }: SampleTokenOptions,
): TokenLogProb {
  const [best] = candidates;
  if (best === undefined) {
    throw new RangeError("there is no token to sample");
  }
  if (temperature === 0) {
    return best;
  }
  const weights = candidates.map(({ logProb }) => Math.exp((logProb - best.logProb) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let kept = 0;
  let nucleus = 0;
  while (kept < weights.length && (kept === 0 || nucleus < topP * total)) {
    nucleus += weights[kept] ?? 0;
    kept += 1;
  }
  let point = random() * nucleus;
  for (const [index, weight] of weights.slice(0, kept).entries()) {
    point -= weight;
    if (point < 0) {
      return candidates[index] ?? best;
    }
  }
  return candidates[kept - 1] ?? best;
}
