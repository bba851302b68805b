import { writeFile } from "node:fs/promises";
import path from "node:path";
import { createOptimizer } from "../../training/optim/create-optimizer.ts";
import { prepareQueryEncoder } from "../../training/trainer/modes/prepare-query-encoder.ts";
import { runTraining } from "../../training/trainer/run-training.ts";
import { resolveTrainingOptions } from "../../training/trainer/training-options.ts";
import { silentProgress } from "./silent-progress.ts";

/**
 * A process that trains the tiny encoder and can be made to wait at a moment, for a test to kill it there:
 *
 *     node training-child.ts FOLDER OUTPUT [step N | file N]
 *
 * `step N`: in the N-th batch of this process; `file N`: with half of the N-th file of its checkpoints written. It says `waiting` then,
 * and `done` with the step it began at when the run is over.
 */
async function main([folder = "", output = "", moment, count]: readonly string[]): Promise<void> {
  const options = resolveTrainingOptions(
    {
      mode: "query-encoder",
      train: path.join(folder, "train.jsonl"),
      vectors: path.join(folder, "vectors"),
      encoder: path.join(folder, "tiny"),
      hardNegatives: "file",
      output,
      learningRate: 0.01,
    },
    {},
  );
  const signal = new AbortController().signal;
  const context = {
    options,
    threads: 1,
    cache: path.join(folder, "cache"),
    log: () => undefined,
    progress: silentProgress,
    signal,
  };
  const run = await prepareQueryEncoder(context);
  const { task } = run;
  let batches = 0;
  let files = 0;
  await runTraining({
    task: {
      ...task,
      async gradients(items, epoch) {
        batches += 1;
        if (moment === "step" && batches === Number(count)) {
          await wait();
        }
        return await task.gradients(items, epoch);
      },
    },
    optimizer: createOptimizer({ learningRate: options.learningRate }),
    output,
    identity: "tiny",
    seed: 1,
    batchSize: 7,
    bucketBatches: 1,
    accumulation: 1,
    totalSteps: 8,
    evaluateEvery: 100,
    checkpointEvery: 2,
    patience: Infinity,
    progress: silentProgress,
    signal,
    async writeFile(file, content) {
      files += 1;
      const bytes = Buffer.concat([...content].map((piece) => Buffer.from(piece)));
      if (moment === "file" && files === Number(count)) {
        await writeFile(file, bytes.subarray(0, bytes.length / 2));
        await wait();
      }
      await writeFile(file, bytes);
    },
  });
  await run.close();
  process.stdout.write(`done after ${batches} batches\n`);
}

/** For ever: the test kills the process. */
async function wait(): Promise<never> {
  process.stdout.write("waiting\n");
  return await new Promise(() => {
    setInterval(() => undefined, 1 << 30); // a promise alone keeps no process alive
  });
}

await main(process.argv.slice(2));
