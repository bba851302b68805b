import type { FusionSettings } from "../../src/retrieval/types.ts";
import type { EvaluationSet } from "../artifacts/beir.ts";
import type { Run } from "../artifacts/trec.ts";
import { evaluateRun } from "../eval/evaluate-run.ts";
import type { Measure } from "./measure.ts";
import { pairedTTest } from "./paired-t-test.ts";
import { joinLegs } from "./retrieve-legs.ts";
import type { RetrievedLegs } from "./retrieve-legs.ts";

type Convex = Extract<FusionSettings, { method: "convex" }>;

/** What is tried at every weight, in the order in which equal scores are decided. */
export const FUSION_VARIANTS: Readonly<Record<string, Omit<Convex, "method" | "weight">>> = {
  theoretical: { normalization: "theoretical" },
  "theoretical:1": { normalization: "theoretical", adapt: 1 },
  "min-max": { normalization: "min-max" },
};

export interface FitFusionOptions {
  readonly legs: RetrievedLegs;
  readonly set: EvaluationSet;
  readonly measure: Measure;
  /** Between two weights of the grid, 0 and 1 included. Default 0.05. */
  readonly step?: number;
  /** Passages of a fused run; has to cover the measure's cutoff. */
  readonly topK: number;
}

interface FusionScore {
  readonly fusion: FusionSettings;
  readonly score: number;
}

export interface FittedFusion {
  /** Every point of the grid. */
  readonly curve: readonly (FusionScore & { readonly fusion: Convex })[];
  readonly best: FusionScore;
  /** Reciprocal rank fusion with k = 60, for comparison. */
  readonly rrf: FusionScore;
  readonly dense: number;
  readonly lexical: number;
  /** Best against the better leg alone: a fit on few questions may win by chance. */
  readonly gain: { readonly over: "dense" | "lexical"; readonly meanDifference: number; readonly pValue: number };
}

/**
 * Tries every weight of a grid in every variant. The weights 0 and 1 are the legs themselves up to passages the
 * other leg adds at the end, so on the split it was fitted to the best fusion is never worse than its better leg. Of
 * equal scores the weight nearest to one half wins, where a wrong weight costs least; then the first variant.
 */
export function fitFusion({ legs, set, measure, step = 0.05, topK }: FitFusionOptions): FittedFusion {
  const scoresOf = (run: Run): number[] => {
    const { perQuery } = evaluateRun({ run, set, measures: [measure], passageText: () => undefined });
    return [...perQuery.values()].map((scores) => scores[measure.name] ?? 0);
  };
  const fused = (fusion: FusionSettings): number[] => scoresOf(joinLegs(legs, { mode: "hybrid", fusion, topK }));
  const curve = gridOf(step).map((fusion) => ({ fusion, score: mean(fused(fusion)) }));
  const best = curve.reduce((winner, point) => (isBetter(point, winner) ? point : winner));
  const unused = { method: "rrf", rrfK: 60 } as const; // a single leg is not fused
  const dense = scoresOf(joinLegs(legs, { mode: "dense", fusion: unused, topK }));
  const lexical = scoresOf(joinLegs(legs, { mode: "lexical", fusion: unused, topK }));
  const over = mean(dense) >= mean(lexical) ? "dense" : "lexical";
  const { meanDifference, pValue } = pairedTTest(fused(best.fusion), over === "dense" ? dense : lexical);
  return {
    curve,
    best,
    rrf: { fusion: unused, score: mean(fused(unused)) },
    dense: mean(dense),
    lexical: mean(lexical),
    gain: { over, meanDifference, pValue },
  };
}

function gridOf(step: number): Convex[] {
  const points = Math.round(1 / step);
  return Object.values(FUSION_VARIANTS).flatMap((variant) =>
    Array.from({ length: points + 1 }, (_, index) => ({
      method: "convex" as const,
      weight: Math.round((index / points) * 1e6) / 1e6,
      ...variant,
    })),
  );
}

function isBetter(a: { fusion: Convex; score: number }, b: { fusion: Convex; score: number }): boolean {
  const fromMiddle = ({ fusion }: { fusion: Convex }): number => Math.abs(fusion.weight - 0.5);
  return a.score > b.score || (a.score === b.score && fromMiddle(a) < fromMiddle(b));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
