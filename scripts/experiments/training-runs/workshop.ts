import type { Progress, ProgressOptions } from "../../../training/progress.ts";

/** Where an experiment works and what it tells. */
export interface Workshop {
  /** Folder with the data sets. */
  readonly data: string;
  /** fp32 encoder folder. */
  readonly encoderFolder: string;
  /** Runs, vectors and training files are kept there: the same command goes on where it was. */
  readonly work: string;
  readonly cache: string;
  readonly threads: number;
  readonly log: (text: string) => void;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}
