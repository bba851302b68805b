import type { PreparedRun, RunContext } from "../prepared-run.ts";
import type { TrainingMode } from "../training-options.ts";
import { prepareBoth } from "./prepare-both.ts";
import { prepareDistill } from "./prepare-distill.ts";
import { prepareQueryAdapter } from "./prepare-query-adapter.ts";
import { prepareQueryEncoder } from "./prepare-query-encoder.ts";

/** Every mode of training: what reads its data and makes its task. */
export const MODES = {
  "query-adapter": prepareQueryAdapter,
  "query-encoder": prepareQueryEncoder,
  both: prepareBoth,
  distill: prepareDistill,
} as const satisfies Record<TrainingMode, (context: RunContext) => Promise<PreparedRun>>;
