import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { LossOptions } from "../losses/registry.ts";
import type { SampleBatchOptions } from "./sample-batch.ts";
import type { TrainingOptions } from "./training-options.ts";

/** What of a run's options chooses the passages of a batch. */
export function samplingOf(options: TrainingOptions): Omit<SampleBatchOptions, "epoch"> {
  const { seed, maxPositives, negatives, inBatchNegatives } = options;
  return { seed, negatives, inBatchNegatives, maxPositives: options.positives === "strict3" ? 3 : maxPositives };
}

/**
 * How a loss scores: as the encoder's vectors are searched. Unit vectors need no division by their lengths.
 * @throws AppError `invalid_request` for Euclidean distance, which no loss has.
 */
export function scoringOf(
  { temperature, positives }: TrainingOptions,
  { similarity, normalize, name }: EncoderManifest,
): LossOptions {
  if (similarity === "euclidean") {
    throw new AppError(
      "invalid_request",
      `encoder "${name}" is searched by Euclidean distance; no loss trains for that`,
    );
  }
  const isDot = similarity === "dot-product" || normalize;
  return { similarity: isDot ? "dot" : "cosine", temperature, strict3: positives === "strict3" };
}
