import type { GivenTrainingOptions } from "../../../training/trainer/training-options.ts";
import { bioasqQuestions, squadshiftsQuestions } from "./questions.ts";
import type { ExperimentQuestions } from "./questions.ts";

/** One training run and what it is compared with. */
export interface Experiment {
  /** Folder of the passages, and short name of their vectors. */
  readonly set: string;
  readonly vectors: string;
  questions(data: string): Promise<ExperimentQuestions>;
  /** What PyTorch reached from the same weights on the same test questions; undefined where nobody tried. */
  readonly pytorch: { readonly base: number; readonly trained: number } | undefined;
  readonly options: GivenTrainingOptions;
  /**
   * Where the passages have to be encoded anew for the test: those that test questions are about, and others by hash up to this
   * many, for base and result alike.
   */
  readonly testPassages?: number;
}

const SQUADSHIFTS = { set: "wiki_all", vectors: "wiki_all-fp32-128", questions: squadshiftsQuestions };
const BIOASQ = { set: "bioasq_7b_11b", vectors: "bioasq-fp32-128", questions: bioasqQuestions };

/** Settings were chosen on dev questions. */
export const EXPERIMENTS: Readonly<Record<string, Experiment>> = {
  "query-adapter": {
    ...SQUADSHIFTS,
    // On the same files with the same settings, mean of two seeds: 0.709 and 0.706.
    pytorch: { base: 0.623, trained: 0.7075 },
    options: { mode: "query-adapter", hardNegatives: "file", epochs: 8, learningRate: 1e-3 },
  },
  "query-encoder": {
    ...BIOASQ,
    pytorch: { base: 0.7, trained: 0.748 },
    options: { mode: "query-encoder", hardNegatives: "file", epochs: 3, learningRate: 3e-5, batchSize: 32 },
  },
  both: {
    ...BIOASQ,
    pytorch: undefined,
    testPassages: 5000,
    options: {
      mode: "both",
      epochs: 1,
      maxSteps: 200,
      learningRate: 2e-5,
      batchSize: 8,
      negatives: 1,
      maxPositives: 1,
      devPassages: 1,
      evaluateEvery: 100,
    },
  },
};
