import type { BareEncoderSettings } from "../encoder/bare-manifest.ts";
import type { TrainingOptions } from "./training-options.ts";

/** How the encoder folder is to be read, where a run's options say so. */
export function encoderSettings(options: TrainingOptions): BareEncoderSettings {
  const { maxQueryLength, maxPassageLength, pooling, graphOutput, queryPrefix, passagePrefix } = options;
  return { maxQueryLength, maxPassageLength, pooling, output: graphOutput, queryPrefix, passagePrefix };
}
