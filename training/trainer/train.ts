import { withFolderLock } from "../artifacts/folder-lock.ts";
import { sha256Hex } from "../artifacts/meta.ts";
import { createOptimizer } from "../optim/create-optimizer.ts";
import type { GradientTransformation } from "../optim/gradient-transformation.ts";
import { parameterSettings } from "../optim/parameter-settings.ts";
import { SCHEDULES } from "../optim/schedule.ts";
import { blendWeights } from "./blend-weights.ts";
import type { Blend } from "./blend-weights.ts";
import type { TrainingState } from "./checkpoint.ts";
import { batchesOfEpoch } from "./epoch-order.ts";
import { MODES } from "./modes/registry.ts";
import type { PreparedRun, RunContext } from "./prepared-run.ts";
import { runTraining } from "./run-training.ts";
import type { TrainingOptions } from "./training-options.ts";

/** What a run will do. */
export interface TrainingPlan {
  readonly mode: string;
  readonly facts: Readonly<Record<string, number>>;
  readonly trainedWeights: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly evaluateEvery: number;
}

export interface TrainResult {
  /** Path of the adapter file or the encoder folder. */
  readonly result: string;
  readonly plan: TrainingPlan;
  readonly state: TrainingState;
  /** With `blend` in the options. */
  readonly blend?: Blend;
}

export type TrainContext = RunContext & { readonly overwrite: boolean };

/** Trains as the options say and writes the result; see `runTraining` for what a killed run leaves. */
export async function train(context: TrainContext): Promise<TrainResult> {
  const { options } = context;
  return await withFolderLock(options.output, async () => {
    const run = await MODES[options.mode](context);
    try {
      const plan = planRun(options, run);
      const { evaluateEvery, totalSteps } = plan;
      // Of an encoder that is not blended, no second copy is kept.
      const base = options.blend === undefined ? [] : run.task.parameters.map(({ data }) => Float32Array.from(data));
      const state = await runTraining({
        ...context,
        ...options,
        task: run.task,
        optimizer: optimizerOf(options, run, totalSteps),
        identity: identityOf(context, run),
        totalSteps,
        evaluateEvery,
        checkpointEvery: options.checkpointEvery ?? evaluateEvery,
        patience: options.patience ?? Infinity,
      });
      const blend = options.blend && (await blendWeights(run.task, { base, shares: options.blend }));
      return { result: await run.finish(state, blend), plan, state, ...(blend === undefined ? {} : { blend }) };
    } finally {
      await run.close();
    }
  });
}

/** What `train` would do with these options. */
export function planRun(options: TrainingOptions, { task, facts }: PreparedRun): TrainingPlan {
  const stepsPerEpoch = batchesOfEpoch(task.lengths.length, options.batchSize) / options.accumulation;
  const totalSteps = Math.min(options.maxSteps ?? Infinity, Math.max(1, Math.round(options.epochs * stepsPerEpoch)));
  return {
    mode: options.mode,
    facts,
    trainedWeights: task.parameters.reduce((sum, { data }) => sum + data.length, 0),
    stepsPerEpoch,
    totalSteps,
    evaluateEvery: options.evaluateEvery ?? Math.max(1, Math.round(stepsPerEpoch)),
  };
}

function optimizerOf(options: TrainingOptions, { task }: PreparedRun, totalSteps: number): GradientTransformation {
  const { learningRate, schedule, warmup, clipNorm, weightDecay, layerDecay } = options;
  return createOptimizer({
    learningRate,
    clipNorm,
    schedule: SCHEDULES[schedule]({ totalSteps, warmupSteps: Math.round(warmup * totalSteps) }),
    settings: parameterSettings(task.parameters, { weightDecay, layerDecay }),
  });
}

/** Paths say where the inputs are, their hashes what they are; the others of these change nothing in the result. */
const NO_IDENTITY = [
  "output",
  "train",
  "corpus",
  "vectors",
  "encoder",
  "texts",
  "dev",
  "devData",
  "checkpointEvery",
  "blend", // of what is exported, not of what is trained
  "name",
];

function identityOf({ options, threads }: RunContext, { inputs }: PreparedRun): string {
  const deciding = Object.entries(options)
    .filter(([name]) => !NO_IDENTITY.includes(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sha256Hex(JSON.stringify([deciding, threads, inputs]));
}
