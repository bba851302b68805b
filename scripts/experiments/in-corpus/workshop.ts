import type { Progress, ProgressOptions } from "../../../training/progress.ts";
import type { ChosenCohort } from "./cohorts.ts";

/** Where the experiment works and what it tells. */
export interface Workshop {
  /** Folder with the data sets. */
  readonly data: string;
  /** fp32 encoder folder. */
  readonly encoderFolder: string;
  /** Folder with the labels, `<set>.jsonl.gz` or `<set>.jsonl` of `aar score`. */
  readonly labels: string;
  /** Everything made is kept there: the same command goes on where it was. */
  readonly work: string;
  /** Training questions mined at most, the first by a hash of their ids. */
  readonly limit: number;
  readonly cohort: ChosenCohort;
  readonly threads: number;
  readonly log: (text: string) => void;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** Passages are cut there, as for the labels. */
export const PASSAGE_TOKENS = 128;

/** First-stage passages that the LM was asked about. */
export const LABEL_DEPTH = 10;

/** Passages that each leg finds. */
export const DEPTH = 100;
