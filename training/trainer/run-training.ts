import { AppError } from "../../src/shared/errors.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import type { GradientTransformation } from "../optim/gradient-transformation.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { GradientAccumulator } from "./accumulate-gradients.ts";
import {
  readNewestCheckpoint,
  removeCheckpoints,
  restoreCheckpoint,
  restoreWeights,
  writeCheckpoint,
} from "./checkpoint.ts";
import type { TrainedState, TrainingState, WriteFile } from "./checkpoint.ts";
import { batchesOfEpoch, epochOrder } from "./epoch-order.ts";
import { MetricsLog } from "./metrics-log.ts";
import type { StepGradients, TrainingTask } from "./training-task.ts";

export interface RunTrainingOptions {
  readonly task: TrainingTask;
  readonly optimizer: GradientTransformation;
  /** Folder of the run: checkpoints and `metrics.jsonl`. */
  readonly output: string;
  /** sha256 over all that decides the result; a checkpoint of another one is not resumed. */
  readonly identity: string;
  readonly seed: number;
  readonly batchSize: number;
  readonly bucketBatches: number;
  /** Batches of one optimiser step. */
  readonly accumulation: number;
  /** Optimiser steps. */
  readonly totalSteps: number;
  /** Steps between evaluations; each is followed by a checkpoint, and there is one at the start and the end. */
  readonly evaluateEvery: number;
  /** Steps between checkpoints beyond those. */
  readonly checkpointEvery: number;
  /** Evaluations without a better score after which to stop; Infinity: never. */
  readonly patience: number;
  /** Throw away checkpoints of another identity. Default false: they are an error. */
  readonly overwrite?: boolean;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal?: AbortSignal;
  /** Default `writeFileAtomic`. */
  readonly writeFile?: WriteFile;
  /** Milliseconds since any origin. */
  readonly now?: () => number;
}

/**
 * Trains from the newest checkpoint on, or from the start, and leaves the best weights (the last ones, when nothing is
 * measured) in the task's parameters. A run that was killed at any moment ends with the same bits as one that was not.
 * @throws AppError `training_diverged` with the ids of the batch when a loss or gradient is not finite; `invalid_artifact`
 *   when the folder holds another run, or the disk refuses.
 */
export async function runTraining(options: RunTrainingOptions): Promise<TrainingState> {
  const { task, output } = options;
  const trained: TrainedState = {
    parameters: task.parameters,
    optimizerState: options.optimizer.init(task.parameters),
  };
  const { state: start, metrics: lines } = await resume(options, trained);
  const metrics = await MetricsLog.open(output, lines);
  const progress = options.progress({ label: "train", unit: "steps", total: options.totalSteps, start: start.step });
  let state = start;
  try {
    if (state.step === 0 && state.best === null) {
      state = await evaluate(options, { state, metrics });
      await save(options, { trained, state, metrics });
    }
    while (state.step < options.totalSteps && !state.stoppedEarly) {
      options.signal?.throwIfAborted();
      await trainStep(options, { trained, step: state.step, metrics });
      state = { ...state, step: state.step + 1 };
      const isDue = (every: number): boolean => state.step % every === 0 || state.step === options.totalSteps;
      if (isDue(options.evaluateEvery)) {
        state = await evaluate(options, { state, metrics });
      }
      if (isDue(options.evaluateEvery) || isDue(options.checkpointEvery)) {
        await save(options, { trained, state, metrics });
      }
      progress.advance(1, metrics.summary());
    }
    await metrics.flush();
  } catch (error) {
    await metrics.flush().catch(() => undefined); // what ended the run is what has to be said
    throw error;
  } finally {
    progress.finish();
  }
  if (state.best !== null && state.best.step !== state.step) {
    await restoreWeights(output, state.best.step, task.parameters);
  }
  return state;
}

async function resume(
  { output, identity, overwrite = false }: RunTrainingOptions,
  trained: TrainedState,
): Promise<{ readonly state: TrainingState; readonly metrics: readonly string[] }> {
  const found = await readNewestCheckpoint(output);
  if (found !== undefined && found.state.identity === identity) {
    await restoreCheckpoint(output, found.state.step, trained);
    return found;
  }
  if (found !== undefined && !overwrite) {
    throw new AppError(
      "invalid_artifact",
      `${output} holds a run with other data or options; choose another --output or pass --overwrite`,
    );
  }
  await removeCheckpoints(output);
  const state = {
    schemaVersion: 1,
    identity,
    step: 0,
    best: null,
    evaluationsSinceBest: 0,
    stoppedEarly: false,
  } as const;
  return { state, metrics: [] };
}

interface StepContext {
  readonly trained: TrainedState;
  readonly step: number;
  readonly metrics: MetricsLog;
}

async function trainStep(options: RunTrainingOptions, { trained, step, metrics }: StepContext): Promise<void> {
  const { task, optimizer, accumulation, batchSize, now = performance.now.bind(performance) } = options;
  const began = now();
  const perEpoch = batchesOfEpoch(task.lengths.length, batchSize);
  const accumulator = accumulation === 1 ? undefined : new GradientAccumulator(accumulation);
  const ids: string[] = [];
  let result: StepGradients | undefined;
  for (let index = 0; index < accumulation; index += 1) {
    const batch = step * accumulation + index;
    const epoch = Math.floor(batch / perEpoch);
    const items = itemsOf(options, epoch)[batch % perEpoch] ?? [];
    const batchIds = items.map((item) => task.idOf(item));
    ids.push(...batchIds);
    result = await atStep(step, batchIds, () => task.gradients(items, epoch));
    if (!Number.isFinite(result.loss)) {
      throw diverged(step, batchIds, `the loss is ${result.loss}`);
    }
    accumulator?.add(result);
  }
  const { loss, gradients, tokens, facts = {} } = accumulator?.result() ?? result ?? NOTHING;
  const updates = await atStep(step, ids, () =>
    optimizer.update({ gradients }, trained.optimizerState, trained.parameters),
  );
  const seconds = (now() - began) / 1000;
  await metrics.step({
    step: step + 1,
    epoch: Math.floor((step * accumulation) / perEpoch),
    loss,
    tokens,
    seconds,
    ...facts,
    ...updates.facts,
  });
}

const NOTHING: StepGradients = { loss: 0, gradients: new Map(), tokens: 0 };

/** The order of the present epoch, remembered: it is asked for at every step. */
const ORDERS = new WeakMap<TrainingTask, { readonly epoch: number; readonly batches: readonly number[][] }>();

function itemsOf({ task, seed, batchSize, bucketBatches }: RunTrainingOptions, epoch: number): readonly number[][] {
  const known = ORDERS.get(task);
  if (known?.epoch === epoch) {
    return known.batches;
  }
  const batches = epochOrder({ seed, epoch, batchSize, lengths: task.lengths, bucketBatches });
  ORDERS.set(task, { epoch, batches });
  return batches;
}

/** Adds the batch to what a step says of numbers that are not finite. */
async function atStep<Result>(
  step: number,
  ids: readonly string[],
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && error.code === "training_diverged") {
      throw diverged(step, ids, error.message, error);
    }
    throw error;
  }
}

function diverged(step: number, ids: readonly string[], reason: string, cause?: unknown): AppError {
  return new AppError(
    "training_diverged",
    `step ${step + 1}: ${reason}. The batch is "${ids.join('", "')}"; look at these, or lower the learning rate. The last checkpoint is untouched`,
    { cause, details: { step: step + 1, ids } },
  );
}

interface MeasuredState {
  readonly state: TrainingState;
  readonly metrics: MetricsLog;
}

async function evaluate(
  { task, patience }: RunTrainingOptions,
  { state, metrics }: MeasuredState,
): Promise<TrainingState> {
  const score = await task.evaluate?.();
  if (score === undefined) {
    return state;
  }
  await metrics.evaluation({ step: state.step, measure: task.measure, score });
  if (state.best === null || score > state.best.score) {
    return { ...state, best: { step: state.step, score }, evaluationsSinceBest: 0 };
  }
  const evaluationsSinceBest = state.evaluationsSinceBest + 1;
  return { ...state, evaluationsSinceBest, stoppedEarly: evaluationsSinceBest >= patience };
}

async function save(
  { output, writeFile = writeFileAtomic }: RunTrainingOptions,
  { trained, state, metrics }: MeasuredState & { readonly trained: TrainedState },
): Promise<void> {
  await metrics.flush();
  await writeCheckpoint({ ...trained, output, state, metrics: metrics.lines, writeFile });
}
