import type { LossBatch } from "../losses/loss-batch.ts";
import { rotatingWindow } from "./rotating-window.ts";
import type { PreparedExample } from "./training-data.ts";

export interface SampleBatchOptions {
  readonly epoch: number;
  readonly seed: number;
  /** Positives of a query in one epoch at most. */
  readonly maxPositives: number;
  /** Hard negatives of a query in one epoch. */
  readonly negatives: number;
  /** Whether passages of other queries are negatives too. */
  readonly inBatchNegatives: boolean;
}

/** What one step learns from. */
export interface SampledBatch extends LossBatch {
  readonly examples: readonly PreparedExample[];
  /** Rows of the corpus, in the order of `passageQuery`: for each query its positives, then its negatives. */
  readonly passages: readonly number[];
  readonly teacherScores: Float32Array;
  readonly falseNegatives: Uint8Array;
  /** Of the passages of other queries, those that do not count as negatives. */
  readonly maskedShare: number;
}

/**
 * Chooses the passages of a batch: positives and hard negatives by `rotatingWindow`. A passage of another query that is
 * known to answer this one is masked, whoever brought it.
 */
export function sampleBatch(examples: readonly PreparedExample[], options: SampleBatchOptions): SampledBatch {
  const { epoch, seed, maxPositives, negatives, inBatchNegatives } = options;
  const chosen = examples.flatMap(({ queryId, positives, hardNegatives }, query) => {
    const window = (name: string, values: readonly number[], size: number): readonly number[] =>
      rotatingWindow(values, { key: [name, seed, queryId], epoch, size });
    return [
      ...window("positives", positives, maxPositives).map((row) => ({ query, row, isPositive: true })),
      ...window("negatives", hardNegatives, negatives).map((row) => ({ query, row, isPositive: false })),
    ];
  });
  const known = examples.map(({ positives }) => new Set(positives));
  const falseNegatives = new Uint8Array(examples.length * chosen.length);
  let others = 0;
  let masked = 0;
  for (const [query, positives] of known.entries()) {
    for (const [passage, { query: owner, row }] of chosen.entries()) {
      if (owner !== query) {
        const isMasked = !inBatchNegatives || positives.has(row);
        falseNegatives[query * chosen.length + passage] = Number(isMasked);
        others += 1;
        masked += Number(isMasked);
      }
    }
  }
  return {
    examples,
    queryIds: examples.map(({ queryId }) => queryId),
    passages: chosen.map(({ row }) => row),
    passageQuery: chosen.map(({ query }) => query),
    isPositive: chosen.map(({ isPositive }) => isPositive),
    teacherScores: Float32Array.from(chosen, ({ query, row }) => examples[query]?.scores.get(row) ?? NaN),
    falseNegatives,
    maskedShare: others === 0 ? 0 : masked / others,
  };
}
