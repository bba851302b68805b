import type { SampleBatchOptions } from "./sample-batch.ts";
import type { TrainingOptions } from "./training-options.ts";

/** What of a run's options chooses the passages of a batch. */
export function samplingOf(options: TrainingOptions): Omit<SampleBatchOptions, "epoch"> {
  const { seed, maxPositives, negatives, inBatchNegatives } = options;
  return { seed, negatives, inBatchNegatives, maxPositives: options.positives === "strict3" ? 3 : maxPositives };
}
