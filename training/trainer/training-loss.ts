import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { Loss } from "../losses/loss.ts";
import { matryoshka } from "../losses/matryoshka.ts";
import { LOSSES } from "../losses/registry.ts";
import type { LossOptions } from "../losses/registry.ts";
import type { TrainingOptions } from "./training-options.ts";

interface LossSettings extends Pick<
  TrainingOptions,
  "mode" | "loss" | "temperature" | "teacherTemperature" | "positives"
> {
  readonly matryoshka?: readonly number[] | undefined;
}

type Scoring = Pick<EncoderManifest, "name" | "dims" | "normalize" | "similarity">;

/**
 * The loss that a run's options ask for, scoring as the encoder's vectors are searched.
 * @throws AppError `invalid_request` for a loss that the mode has no data for, Euclidean distance, which no loss has, and
 *   Matryoshka dims that the encoder does not have.
 */
export function trainingLoss(options: LossSettings, encoder: Scoring): Loss {
  const { mode, loss, matryoshka: dims } = options;
  if ((mode === "distill") !== (loss === "embedding-alignment")) {
    const only = mode === "distill" ? `trains with "embedding-alignment" only` : `has no target vectors for it`;
    throw new AppError("invalid_request", `loss "${loss}": mode ${mode} ${only}`);
  }
  if (encoder.similarity === "euclidean") {
    throw new AppError(
      "invalid_request",
      `encoder "${encoder.name}" is searched by Euclidean distance; no loss trains for that`,
    );
  }
  const inner = LOSSES[loss](scoringOf(options, encoder));
  if (dims === undefined) {
    return inner;
  }
  const stray = dims.find((dim, index) => dim > encoder.dims || dims.indexOf(dim) !== index);
  if (stray !== undefined || dims.length === 0) {
    const wanted = `different numbers from 1 to the encoder's ${encoder.dims}`;
    throw new AppError("invalid_request", `--matryoshka ${dims.join(",")}: expected ${wanted}`);
  }
  return matryoshka(inner, { dims });
}

/** Unit vectors need no division by their lengths; cuts of them do. */
function scoringOf(
  { temperature, teacherTemperature, positives, matryoshka: dims }: LossSettings,
  { similarity, normalize }: Scoring,
): LossOptions {
  const isDot = similarity === "dot-product" || (normalize && dims === undefined);
  return {
    similarity: isDot ? "dot" : "cosine",
    distance: normalize ? "cosine" : "squared",
    temperature,
    teacherTemperature,
    strict3: positives === "strict3",
  };
}
