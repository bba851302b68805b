import type { ScoredPassage } from "./types.ts";

/**
 * Reciprocal rank fusion (Cormack et al., SIGIR 2009): score(p) = sum over runs of 1 / (rrfK + rank), rank from 1, nothing
 * for a run without p. Looks at ranks only, so a weak leg counts as much as a strong one. Ties keep the order of the
 * first run, then of the second; no runs or empty runs give an empty run.
 */
export function reciprocalRankFusion(runs: readonly (readonly ScoredPassage[])[], rrfK: number): ScoredPassage[] {
  const scores = new Map<string, number>();
  for (const run of runs) {
    for (const [index, { id }] of run.entries()) {
      scores.set(id, (scores.get(id) ?? 0) + 1 / (rrfK + index + 1));
    }
  }
  // Map keeps first-seen order and the sort is stable.
  return [...scores].map(([id, score]) => ({ id, score })).toSorted((a, b) => b.score - a.score);
}
