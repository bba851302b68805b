import { AppError } from "../../src/shared/errors.ts";
import { readModel } from "../onnx/reader.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import type { QueryScorer } from "./query-scorer.ts";
import { rankCorrelation } from "./rank-correlation.ts";
import type { QueryToScore } from "./signal.ts";

/** Below this an int8 LM orders passages by its own rounding: all-int8 SmolLM2-135M has 0.61, and labels visibly worse. */
const MIN_RANK_CORRELATION = 0.8;

const QUANTIZED = new Set([
  "DynamicQuantizeLinear",
  "MatMulInteger",
  "MatMulNBits",
  "QLinearMatMul",
  "DequantizeLinear",
]);

/** How far labels of a quantised LM are from those of the same LM in fp32. */
export interface LabelParity {
  readonly queries: number;
  /** Mean over queries of Spearman's correlation between both scores of a query's passages. */
  readonly rankCorrelation: number;
  /** Mean absolute difference of scores. */
  readonly meanDifference: number;
  /** Fingerprint of the LM in fp32. */
  readonly reference: string;
}

/** Whether products of an ONNX file are computed in integers or of quantised weights. */
export async function isQuantizedOnnx(file: string): Promise<boolean> {
  const model = await readModel(file);
  return model.graph.node.some(({ opType }) => QUANTIZED.has(opType));
}

export interface MeasureParityOptions {
  readonly items: readonly QueryToScore[];
  readonly scorer: Pick<QueryScorer, "score">;
  readonly reference: Pick<QueryScorer, "score" | "fingerprint">;
  /** Of the queries: fp32 is slow. */
  readonly progress: (options: ProgressOptions) => Progress;
}

/**
 * Scores the same queries by both.
 * @throws AppError `invalid_request` when no query tells passages apart, so that there is nothing to correlate.
 */
export async function measureParity({
  items,
  scorer,
  reference,
  progress: createProgress,
}: MeasureParityOptions): Promise<LabelParity> {
  const correlations: number[] = [];
  const differences: number[] = [];
  const progress = createProgress({ label: "compare with fp32", unit: "queries", total: items.length });
  for (const item of items) {
    const own = await scorer.score(item);
    const expected = await reference.score(item);
    differences.push(...own.map((score, index) => Math.abs(score - (expected[index] ?? Number.NaN))));
    const correlation = rankCorrelation(own, expected);
    if (correlation !== undefined) {
      correlations.push(correlation);
    }
    progress.advance(1);
  }
  progress.finish();
  if (correlations.length === 0) {
    throw new AppError(
      "invalid_request",
      `none of ${items.length} queries tells passages apart: the LMs cannot be compared`,
    );
  }
  return {
    queries: correlations.length,
    rankCorrelation: mean(correlations),
    meanDifference: mean(differences),
    reference: reference.fingerprint,
  };
}

/** In words. */
export function describeParity({ queries, rankCorrelation: correlation, meanDifference }: LabelParity): string {
  return `quantised LM against fp32, ${queries} queries: rank correlation ${correlation.toFixed(3)} (at least ${MIN_RANK_CORRELATION}), mean difference ${meanDifference.toFixed(3)}`;
}

/** Throws AppError `invalid_request` when the labels of a quantised LM are too far from those in fp32. */
export function requireParity(parity: LabelParity): void {
  if (!(parity.rankCorrelation >= MIN_RANK_CORRELATION)) {
    throw new AppError(
      "invalid_request",
      `${describeParity(parity)}; label with the LM in fp32, or leave more of it in fp32 (the layers with outlying activations: down_proj, o_proj)`,
    );
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
