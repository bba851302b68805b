import path from "node:path";
import type { ReportData } from "../report/report-data.ts";
import { collectReport } from "./collect-report.ts";
import type { FindCommand } from "./command-stage.ts";
import { readExperiment } from "./experiment.ts";
import type { Experiment } from "./experiment.ts";
import { planExperiment, setFolder } from "./plan.ts";
import { checkRolesOfSplits, checkTestsAreUnseen, readSetQuestions, sizesOf } from "./set-questions.ts";
import type { QuestionsBySet } from "./set-questions.ts";
import type { StageRecord } from "./stage-record.ts";
import type { Stage } from "./stage.ts";

export interface PreparedExperiment {
  readonly experiment: Experiment;
  readonly work: string;
  readonly questions: QuestionsBySet;
  readonly stages: readonly Stage[];
}

export interface PrepareExperimentOptions {
  readonly file: string;
  /** What the file will hold, when it is not written yet. */
  readonly text?: string | undefined;
  /** Default `.aar/<name of the experiment>`. */
  readonly work: string | undefined;
  readonly cache: string;
  readonly findCommand: FindCommand;
}

/** Reads an experiment, refuses tests that are trained on, and plans its stages. Nothing is run or written. */
export async function prepareExperiment(options: PrepareExperimentOptions): Promise<PreparedExperiment> {
  const { cache, findCommand } = options;
  const experiment = await readExperiment(options.file, options.text);
  await checkRolesOfSplits(experiment);
  const work = path.resolve(options.work ?? path.join(".aar", experiment.name));
  const questions: QuestionsBySet = new Map(
    await Promise.all(experiment.sets.map(async (set) => [set.name, await readSetQuestions(set)] as const)),
  );
  checkTestsAreUnseen(experiment, questions);
  const sizes = await sizesOf(experiment, questions);
  const stages = planExperiment({ experiment, work, cache: path.resolve(cache), sizes, findCommand });
  return { experiment, work, questions, stages };
}

/** The report's data of what has been run so far. */
export async function reportOf(
  { experiment, work, questions }: PreparedExperiment,
  records: readonly StageRecord[],
): Promise<ReportData> {
  return await collectReport({ experiment, work, questions, records, folderOf: (set) => setFolder(work, set) });
}
