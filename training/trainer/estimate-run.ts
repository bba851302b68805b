import { epochOrder } from "./epoch-order.ts";
import { MODES } from "./modes/registry.ts";
import type { RunContext } from "./prepared-run.ts";
import { planRun } from "./train.ts";
import type { TrainingPlan } from "./train.ts";

/** What a run is going to cost on this machine. */
export interface RunEstimate {
  readonly plan: TrainingPlan;
  /** Of the steps alone, without measurements and checkpoints. */
  readonly trainingSeconds: number;
  /** Of the process: what it held after the steps, and what the optimiser will hold. */
  readonly memoryMebibytes: number;
  readonly checkpointMebibytes: number;
}

const MEBIBYTE = 2 ** 20;

/** AdamW keeps two numbers a weight. */
const MOMENTS = 2;

const BYTES = 4;

/** Reads all data, runs two steps without changing anything, and scales up the second. */
export async function estimateRun(context: RunContext): Promise<RunEstimate> {
  const { options } = context;
  const run = await MODES[options.mode](context);
  try {
    const { task } = run;
    const plan = planRun(options, run);
    const { seed, batchSize, bucketBatches } = options;
    const batches = epochOrder({ seed, epoch: 0, batchSize, lengths: task.lengths, bucketBatches });
    let seconds = 0;
    for (const items of [batches[0] ?? [], batches.at(-1) ?? []]) {
      const began = performance.now();
      await task.gradients(items, 0);
      seconds = (performance.now() - began) / 1000;
    }
    const weightBytes = plan.trainedWeights * BYTES;
    return {
      plan,
      trainingSeconds: round(seconds * options.accumulation * plan.totalSteps),
      memoryMebibytes: round((process.memoryUsage().rss + MOMENTS * weightBytes) / MEBIBYTE),
      checkpointMebibytes: round(((1 + MOMENTS) * weightBytes) / MEBIBYTE),
    };
  } finally {
    await run.close();
  }
}

function round(value: number): number {
  return value < 10 ? Math.round(value * 10) / 10 : Math.round(value);
}
