import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { createOptimizer } from "../../../../training/optim/create-optimizer.ts";
import { runTraining } from "../../../../training/trainer/run-training.ts";
import type { RunTrainingOptions } from "../../../../training/trainer/run-training.ts";
import { silentProgress } from "../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { toyTask } from "../../../support/toy-task.ts";

function options(output: string, changes: Partial<RunTrainingOptions> = {}): RunTrainingOptions {
  return {
    task: toyTask(),
    optimizer: createOptimizer({ learningRate: 0.5, clipNorm: 10 }),
    output,
    identity: "run-a",
    seed: 1,
    batchSize: 4,
    bucketBatches: 2,
    accumulation: 1,
    totalSteps: 20,
    evaluateEvery: 5,
    checkpointEvery: 3,
    patience: Infinity,
    progress: silentProgress,
    writeFile, // does not wait for the disk
    now: () => 0,
    ...changes,
  };
}

const weightsOf = ({ task }: Pick<RunTrainingOptions, "task">): number[] => [...(task.parameters[0]?.data ?? [])];

test("training lowers the loss and leaves the best weights", async ({ expect, onTestFinished }) => {
  const output = await temporaryFolder(onTestFinished);
  const run = options(output, { totalSteps: 60 });
  const before = await run.task.evaluate?.();
  const state = await runTraining(run);
  expect(state).toMatchObject({ step: 60, stoppedEarly: false });
  expect(state.best?.score).toBeGreaterThan((before ?? 0) / 5);
  expect(await run.task.evaluate?.()).toBe(state.best?.score);
});

test("a run that breaks off goes on to the same bits", async ({ expect, onTestFinished }) => {
  const [whole, broken] = [await temporaryFolder(onTestFinished), await temporaryFolder(onTestFinished)];
  const reference = options(whole);
  await runTraining(reference);
  for (const last of [1, 9, 3, 7]) {
    let batches = 0;
    const task = toyTask({
      onBatch: () => {
        batches += 1;
        if (batches > last) {
          throw new Error("power cut");
        }
      },
    });
    await expect(runTraining(options(broken, { task }))).rejects.toThrow("power cut");
  }
  const resumed = options(broken);
  await runTraining(resumed);
  expect(weightsOf(resumed)).toEqual(weightsOf(reference));
  const metrics = await readFile(path.join(whole, "metrics.jsonl"), "utf8");
  expect(await readFile(path.join(broken, "metrics.jsonl"), "utf8")).toBe(metrics);
});

test("only the newest and the best checkpoint stay", async ({ expect, onTestFinished }) => {
  const output = await temporaryFolder(onTestFinished);
  const scores = [0, 3, 1, 2, 1][Symbol.iterator]();
  const run = options(output, { task: toyTask({ scores }) });
  const state = await runTraining(run);
  expect(state.best).toEqual({ step: 5, score: 3 });
  expect((await readdir(output)).toSorted()).toEqual(["checkpoint-000005", "checkpoint-000020", "metrics.jsonl"]);
});

test("it stops after so many evaluations without a better score", async ({ expect, onTestFinished }) => {
  const output = await temporaryFolder(onTestFinished);
  const scores = [0, 3, 1, 2, 5][Symbol.iterator]();
  const run = options(output, { task: toyTask({ scores }), patience: 2 });
  expect(await runTraining(run)).toMatchObject({ step: 15, stoppedEarly: true, best: { step: 5 } });
  expect(await runTraining({ ...run, task: toyTask() }), "and stays stopped").toMatchObject({ step: 15 });
});

test("without anything to measure the last weights stay", async ({ expect, onTestFinished }) => {
  const output = await temporaryFolder(onTestFinished);
  const run = options(output, { task: toyTask({ hasEvaluation: false }) });
  expect(await runTraining(run)).toMatchObject({ step: 20, best: null });
  const again = options(output, { task: toyTask({ hasEvaluation: false }) });
  await runTraining(again);
  expect(weightsOf(again)).toEqual(weightsOf(run));
});

test("a loss that is not a number stops with the ids of the batch and keeps the weights", async ({
  expect,
  onTestFinished,
}) => {
  const output = await temporaryFolder(onTestFinished);
  let seen: readonly number[] = [];
  const task = toyTask({
    loss: (items) => {
      seen = items;
      return items.includes(7) ? NaN : undefined;
    },
  });
  const error: unknown = await runTraining(options(output, { task })).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "training_diverged", details: { ids: seen.map((item) => `q${item}`) } });
  expect(String(error)).toMatch(/step \d+: the loss is NaN\. The batch is ".*"q7"|"q7"/u);
  expect(weightsOf({ task }).every(Number.isFinite)).toBe(true);
});

test("a gradient that is not finite names the batch too", async ({ expect, onTestFinished }) => {
  const output = await temporaryFolder(onTestFinished);
  const task = toyTask();
  const broken = {
    ...task,
    gradients: async (items: readonly number[], epoch: number) => ({
      ...(await task.gradients(items, epoch)),
      gradients: new Map([["x", Float32Array.of(NaN, 0)]]),
    }),
  };
  await expect(runTraining(options(output, { task: broken }))).rejects.toThrow(
    /step 1: the gradient of "x" is not finite.*The batch is "q\d+"/u,
  );
});

test("a full disk is said as such, and what was saved stays", async ({ expect, onTestFinished }) => {
  const output = await temporaryFolder(onTestFinished);
  let files = 0;
  const run = options(output, {
    writeFile: async (file, content) => {
      files += 1;
      if (files > 10) {
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      }
      await writeFile(file, content);
    },
  });
  await expect(runTraining(run)).rejects.toThrow(
    /checkpoint of step 5 is not written: cannot write .*: ENOSPC: no space left on device, write; free space/u,
  );
  expect((await readdir(output)).toSorted()).toEqual(["checkpoint-000000", "checkpoint-000003", "metrics.jsonl"]);
  const [resumed, reference] = [options(output), options(await temporaryFolder(onTestFinished))];
  await runTraining(resumed);
  await runTraining(reference);
  expect(weightsOf(resumed)).toEqual(weightsOf(reference));
});

test.skipIf(!existsSync("/dev/full"))(
  "a disk that fills up under the metrics is said as such, and the run goes on to the same bits",
  async ({ expect, onTestFinished }) => {
    const [output, whole] = [await temporaryFolder(onTestFinished), await temporaryFolder(onTestFinished)];
    const file = path.join(output, "metrics.jsonl");
    let batches = 0;
    const task = toyTask({
      onBatch: async () => {
        batches += 1;
        if (batches === 5) {
          await rm(file);
          await symlink("/dev/full", file);
        }
      },
    });
    await expect(runTraining(options(output, { task }))).rejects.toThrow(
      /cannot write .*metrics\.jsonl: ENOSPC.*; free space on that disk and run the same command/u,
    );
    const [resumed, reference] = [options(output), options(whole)];
    await runTraining(resumed);
    await runTraining(reference);
    expect(weightsOf(resumed)).toEqual(weightsOf(reference));
    expect(await readFile(file, "utf8")).toBe(await readFile(path.join(whole, "metrics.jsonl"), "utf8"));
  },
);

test("what ended a run is said, not the full disk that came after", async ({ expect, onTestFinished }) => {
  const output = await temporaryFolder(onTestFinished);
  const file = path.join(output, "metrics.jsonl");
  let batches = 0;
  const task = toyTask({
    onBatch: async () => {
      batches += 1;
      if (batches === 2) {
        await rm(file);
        await mkdir(file);
        throw new Error("power cut");
      }
    },
  });
  await expect(runTraining(options(output, { task }))).rejects.toThrow("power cut");
});

test("a folder of another run is refused, or replaced when told so", async ({ expect, onTestFinished }) => {
  const output = await temporaryFolder(onTestFinished);
  await runTraining(options(output));
  const other = { identity: "run-b", totalSteps: 2 };
  await expect(runTraining(options(output, other))).rejects.toThrow(/holds a run with other data or options/u);
  expect(await runTraining(options(output, { ...other, overwrite: true }))).toMatchObject({ step: 2 });
});

test("accumulated batches step as one batch of all of them would", async ({ expect, onTestFinished }) => {
  const [a, b] = [await temporaryFolder(onTestFinished), await temporaryFolder(onTestFinished)];
  const accumulated = options(a, { batchSize: 4, accumulation: 3, totalSteps: 6, bucketBatches: 1 });
  const large = options(b, { batchSize: 12, accumulation: 1, totalSteps: 6, bucketBatches: 1 });
  await runTraining(accumulated);
  await runTraining(large);
  const [x = 0, y = 0] = weightsOf(large);
  expect(weightsOf(accumulated)[0]).toBeCloseTo(x, 4);
  expect(weightsOf(accumulated)[1]).toBeCloseTo(y, 4);
});

test("metrics have a line a step and a line an evaluation", async ({ expect, onTestFinished }) => {
  const output = await temporaryFolder(onTestFinished);
  await runTraining(options(output, { totalSteps: 5 }));
  const lines = (await readFile(path.join(output, "metrics.jsonl"), "utf8")).trim().split("\n");
  const parsed = lines.map((line): unknown => JSON.parse(line));
  expect(parsed).toHaveLength(7);
  expect(parsed[0]).toEqual({ step: 0, measure: "toy", score: expect.any(Number) });
  expect(parsed[1]).toEqual({
    step: 1,
    epoch: 0,
    loss: expect.any(Number),
    tokens: 4,
    seconds: 0,
    maskedShare: 0.25,
    gradientNorm: expect.any(Number),
    learningRate: 0.5,
  });
});
