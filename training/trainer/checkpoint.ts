import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/shared/safetensors.ts";
import type { SafetensorsTensor } from "../../src/shared/safetensors.ts";
import { diskError } from "../artifacts/disk-error.ts";
import { isProcessAlive } from "../artifacts/process-alive.ts";
import type { OptimizerState, StateArray } from "../optim/gradient-transformation.ts";
import type { Parameter } from "../optim/parameter.ts";
import { restoreState } from "../optim/restore-state.ts";

const stateSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** sha256 over all that decides the result of the run. */
  identity: z.string(),
  /** Optimiser steps done. Order and choices of the batches follow from it and the seed. */
  step: z.int().nonnegative(),
  /** The best evaluation so far; its weights are in the checkpoint of that step. */
  best: z.strictObject({ step: z.int().nonnegative(), score: z.number() }).nullable(),
  evaluationsSinceBest: z.int().nonnegative(),
  stoppedEarly: z.boolean(),
});

/** Where a run stands. */
export type TrainingState = z.output<typeof stateSchema>;

/** What a checkpoint saves and restores, besides the position. */
export interface TrainedState {
  readonly parameters: readonly Parameter[];
  readonly optimizerState: OptimizerState;
}

/** Writes one file of a checkpoint to disk; a test's fails. */
export type WriteFile = (file: string, content: Iterable<string | Uint8Array>) => Promise<unknown>;

const NAME_PATTERN = /^checkpoint-(?<step>\d+)$/u;
const TEMPORARY_PATTERN = /^checkpoint-\d+\.(?<pid>\d+)\.tmp$/u;

const FILES = {
  state: "state.json",
  weights: "weights.safetensors",
  optimizer: "optimizer.safetensors",
  metrics: "metrics.jsonl",
} as const;

/** The folder of the checkpoint of a step. */
function checkpointFolder(output: string, step: number): string {
  return path.join(output, `checkpoint-${String(step).padStart(6, "0")}`);
}

export interface WriteCheckpointOptions extends TrainedState {
  readonly output: string;
  readonly state: TrainingState;
  /** Lines of the metrics so far. */
  readonly metrics: readonly string[];
  readonly writeFile: WriteFile;
}

/**
 * Writes `checkpoint-<step>/` under a temporary name, then renames it: a folder of that name is whole, whenever the process
 * dies. Afterwards removes the checkpoints that are neither this one nor the best.
 * @throws AppError `invalid_artifact` when the disk refuses; the checkpoints before are still there.
 */
export async function writeCheckpoint(options: WriteCheckpointOptions): Promise<void> {
  const { output, state, parameters, optimizerState, metrics, writeFile } = options;
  const folder = checkpointFolder(output, state.step);
  const temporary = `${folder}.${process.pid}.tmp`;
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    await writeFile(
      path.join(temporary, FILES.weights),
      encodeSafetensors({ tensors: tensorsOf(parameters), metadata: {} }),
    );
    await writeFile(
      path.join(temporary, FILES.optimizer),
      encodeSafetensors({ tensors: arraysOf(optimizerState), metadata: {} }),
    );
    await writeFile(path.join(temporary, FILES.metrics), metrics);
    await writeFile(path.join(temporary, FILES.state), [`${JSON.stringify(state, undefined, 2)}\n`]);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    const error = diskError(folder, cause);
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError(
      "invalid_artifact",
      `the checkpoint of step ${state.step} is not written: ${reason}; it goes on from the checkpoint before`,
      { cause },
    );
  }
  await removeOthers(output, new Set([state.step, state.best?.step]));
}

/** The newest checkpoint's position and metrics; undefined when there is none. Leavings of killed processes are removed. */
export async function readNewestCheckpoint(
  output: string,
): Promise<{ readonly state: TrainingState; readonly metrics: readonly string[] } | undefined> {
  if (!existsSync(output)) {
    return undefined;
  }
  for (const name of await readdir(output)) {
    const pid = TEMPORARY_PATTERN.exec(name)?.groups?.["pid"];
    if (pid !== undefined && !isProcessAlive(Number(pid))) {
      await rm(path.join(output, name), { recursive: true, force: true });
    }
  }
  const newest = (await checkpointSteps(output)).at(-1);
  if (newest === undefined) {
    return undefined;
  }
  const folder = checkpointFolder(output, newest);
  const state = await readState(path.join(folder, FILES.state));
  const metrics = await readFile(path.join(folder, FILES.metrics), "utf8");
  return {
    state,
    metrics: metrics
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => `${line}\n`),
  };
}

/**
 * Puts the weights of a checkpoint into the parameters.
 * @throws AppError `invalid_artifact` when it is of another model, or damaged.
 */
export async function restoreWeights(output: string, step: number, parameters: readonly Parameter[]): Promise<void> {
  const file = path.join(checkpointFolder(output, step), FILES.weights);
  const saved = await readTensors(file);
  for (const { name, dims, data } of parameters) {
    const tensor = saved.get(name);
    if (!(tensor?.data instanceof Float32Array) || tensor.shape.join() !== dims.join()) {
      throw new AppError(
        "invalid_artifact",
        `${file} has "${name}" of shape [${tensor?.shape.join(", ") ?? "none"}], expected [${dims.join(", ")}]`,
      );
    }
    data.set(tensor.data);
  }
}

/** Puts weights and optimiser of a checkpoint back. Throws like `restoreWeights`. */
export async function restoreCheckpoint(output: string, step: number, trained: TrainedState): Promise<void> {
  const saved = await readTensors(path.join(checkpointFolder(output, step), FILES.optimizer));
  const arrays = [...saved].flatMap(([name, { data }]) => (isStateArray(data) ? [[name, data] as const] : []));
  restoreState(trained.optimizerState, new Map(arrays));
  await restoreWeights(output, step, trained.parameters);
}

/** Removes every checkpoint of a folder. */
export async function removeCheckpoints(output: string): Promise<void> {
  await removeOthers(output, new Set());
}

async function removeOthers(output: string, kept: ReadonlySet<number | undefined>): Promise<void> {
  for (const step of await checkpointSteps(output)) {
    if (!kept.has(step)) {
      await rm(checkpointFolder(output, step), { recursive: true, force: true });
    }
  }
}

/** Ascending. */
async function checkpointSteps(output: string): Promise<number[]> {
  const names = existsSync(output) ? await readdir(output) : [];
  return names
    .flatMap((name) => NAME_PATTERN.exec(name)?.groups?.["step"] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

async function readState(file: string): Promise<TrainingState> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new AppError("invalid_artifact", `${file} cannot be read or is not JSON`, { cause });
  }
  const parsed = stateSchema.safeParse(json);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${file}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

async function readTensors(file: string): Promise<ReadonlyMap<string, SafetensorsTensor>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new AppError("invalid_artifact", `${file} cannot be read; remove its folder to resume from an older one`, {
      cause,
    });
  }
  return decodeSafetensors(bytes, file).tensors;
}

function tensorsOf(parameters: readonly Parameter[]): ReadonlyMap<string, SafetensorsTensor> {
  return new Map(parameters.map(({ name, dims, data }) => [name, { shape: dims, data }]));
}

function arraysOf(state: OptimizerState): ReadonlyMap<string, SafetensorsTensor> {
  return new Map([...state].map(([name, data]) => [name, { shape: [data.length], data }]));
}

function isStateArray(data: SafetensorsTensor["data"]): data is StateArray {
  return data instanceof Float32Array || data instanceof Float64Array || data instanceof Uint8Array;
}
