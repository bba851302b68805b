import type { GivenTrainingOptions } from "../../../training/trainer/training-options.ts";
import { bioasqQuestions, squadshiftsQuestions } from "./questions.ts";
import type { ExperimentQuestions } from "./questions.ts";

/** One training run and what it is compared with. */
export interface Experiment {
  /** Folder of the passages, and short name of their vectors. */
  readonly set: string;
  readonly vectors: string;
  questions(data: string): Promise<ExperimentQuestions>;
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
    options: { mode: "query-adapter", hardNegatives: "file", epochs: 8, learningRate: 1e-3 },
  },
  "query-encoder": {
    ...BIOASQ,
    options: { mode: "query-encoder", hardNegatives: "file", epochs: 3, learningRate: 3e-5, batchSize: 32 },
  },
  both: {
    ...BIOASQ,
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
