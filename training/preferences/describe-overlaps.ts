import type { EvaluationSet } from "../artifacts/beir.ts";
import type { Run } from "../artifacts/trec.ts";
import { lmPreferred } from "./choose-positives.ts";
import type { ChoosePositivesOptions } from "./choose-positives.ts";
import { meanOverlap } from "./overlap.ts";
import type { Overlap } from "./overlap.ts";
import { signalRanking } from "./signal-ranking.ts";
import type { ScoresBySignal } from "./signal-scores.ts";

export interface NamedOverlap extends Overlap {
  readonly of: string;
}

export interface OverlapsOptions {
  readonly set: EvaluationSet;
  readonly candidates: Run;
  readonly scores: ScoresBySignal;
  readonly signals: readonly string[];
  readonly scoreDepth: number;
  readonly minGrade: number;
  readonly positives: Pick<ChoosePositivesOptions, "lmPositives" | "gainTest" | "minLead">;
}

/**
 * How much people and LM agree, and two signals: mean Jaccard of the positives each would give. AAR §5.3 has about 13 % for
 * people and an LM, and more than 55 % for two LMs.
 */
export function overlapsOf(options: OverlapsOptions): NamedOverlap[] {
  const { set, candidates, scores, signals, scoreDepth, minGrade, positives } = options;
  const human = new Map(
    [...set.qrels].map(([queryId, grades]) => {
      const relevant = [...grades].filter(([, grade]) => grade >= minGrade).map(([id]) => id);
      return [queryId, new Set(relevant)] as const;
    }),
  );
  const preferredBy = signals.map((signal) => ({
    signal,
    sets: new Map(
      set.queries.map(({ id }) => {
        const asked = (candidates.get(id) ?? []).slice(0, scoreDepth).map((passage) => passage.id);
        const ranking = signalRanking(id, scores, { signals: [signal], candidates: asked });
        return [id, new Set(lmPreferred(ranking, positives).map((passage) => passage.id))] as const;
      }),
    ),
  }));
  const withHuman = preferredBy.map(({ signal, sets }) => ({ of: `human / ${signal}`, ...meanOverlap(human, sets) }));
  const between = preferredBy.flatMap((left, index) =>
    preferredBy
      .slice(index + 1)
      .map((right) => ({ of: `${left.signal} / ${right.signal}`, ...meanOverlap(left.sets, right.sets) })),
  );
  return [...(human.size === 0 ? [] : withHuman), ...between];
}
