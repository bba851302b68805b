import type { Progress, ProgressOptions } from "../progress.ts";
import type { Blend } from "./blend-weights.ts";
import type { TrainingState } from "./checkpoint.ts";
import type { TrainingOptions } from "./training-options.ts";
import type { TrainingTask } from "./training-task.ts";

/** What a mode may touch while it gets ready. */
export interface RunContext {
  readonly options: TrainingOptions;
  readonly threads: number;
  /** Encodings by content hash. */
  readonly cache: string;
  readonly log: (text: string) => void;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** A mode ready to train: all its data is read and checked. */
export interface PreparedRun {
  readonly task: TrainingTask;
  /** sha256 of what goes in, by name. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Counts for the plan and the result's provenance: questions, passages, dev questions. */
  readonly facts: Readonly<Record<string, number>>;
  /** Writes the result from the task's parameters and returns its path. */
  finish(state: TrainingState, blend?: Blend): Promise<string>;
  close(): Promise<void>;
}
