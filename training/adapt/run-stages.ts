import { existsSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../src/shared/errors.ts";
import { withFolderLock } from "../artifacts/folder-lock.ts";
import { sha256Hex } from "../artifacts/meta.ts";
import type { CommandContext } from "../define-command.ts";
import { hashPath } from "./hash-path.ts";
import { readStageRecord, writeStageRecord } from "./stage-record.ts";
import type { StageRecord } from "./stage-record.ts";
import type { Stage } from "./stage.ts";

export interface RunStagesOptions {
  /** In an order in which every input of a stage is made before it. */
  readonly stages: readonly Stage[];
  /** Folder of the experiment's records and artifacts. */
  readonly work: string;
  readonly context: CommandContext;
  /** Milliseconds since any origin. */
  readonly now?: () => number;
}

/** What happened to a stage. */
export interface StageResult {
  readonly id: string;
  readonly wasRun: boolean;
  readonly record: StageRecord;
}

/**
 * Runs the stages whose options or inputs changed since they were last finished, in order. Killed at any moment, the next
 * run takes up the stage that was at work, and that stage what it had kept itself.
 * @throws AppError `invalid_artifact` for an input that is missing, or an output that a stage did not write.
 */
export async function runStages(options: RunStagesOptions): Promise<StageResult[]> {
  const { stages, work, context } = options;
  refuseMissingInputs(stages);
  return await withFolderLock(work, async () => {
    const results: StageResult[] = [];
    for (const [index, stage] of stages.entries()) {
      context.signal.throwIfAborted();
      results.push(await runStage(stage, `[${index + 1}/${stages.length}] ${stage.id}`, options));
    }
    return results;
  });
}

/** Before anything runs: a mistyped path of the LM is not told after hours of encoding. */
function refuseMissingInputs(stages: readonly Stage[]): void {
  const made = stages.flatMap(({ outputs }) => Object.values(outputs));
  const isMade = (input: string): boolean =>
    made.some(
      (output) => `${input}${path.sep}`.startsWith(`${output}${path.sep}`) || output.startsWith(input + path.sep),
    );
  for (const { id, inputs } of stages) {
    const missing = Object.values(inputs).find((input) => !isMade(input) && !existsSync(input));
    if (missing !== undefined) {
      throw missingInput(id, missing);
    }
  }
}

function missingInput(stage: string, input: string | undefined): AppError {
  return new AppError("invalid_artifact", `stage ${stage}: its input ${input} does not exist`);
}

async function runStage(
  stage: Stage,
  label: string,
  { work, context, now = Date.now }: RunStagesOptions,
): Promise<StageResult> {
  const inputs = await hashAll(stage.inputs);
  const missing = Object.keys(stage.inputs).find((name) => inputs[name] === undefined);
  if (missing !== undefined) {
    throw missingInput(stage.id, stage.inputs[missing]);
  }
  const key = keyOf(stage, inputs);
  const known = await readStageRecord(work, stage.id);
  if (known?.key === key && (await isWhole(stage, known))) {
    context.log(`${label}: unchanged`);
    return { id: stage.id, wasRun: false, record: known };
  }
  context.log(`${label}: ${stage.commandLine}`);
  const began = now();
  const { tokens, facts } = await stage.run(context);
  const seconds = (now() - began) / 1000;
  const outputs = await hashAll(stage.outputs);
  const unwritten = Object.keys(stage.outputs).find((name) => outputs[name] === undefined);
  if (unwritten !== undefined) {
    throw new AppError("internal", `stage ${stage.id} did not write ${stage.outputs[unwritten]}`);
  }
  const done = { key, inputs, outputs, seconds, tokens, facts };
  await writeStageRecord(work, stage, done);
  const record = await readStageRecord(work, stage.id);
  if (record === undefined) {
    throw new AppError("internal", `the record of stage ${stage.id} vanished`);
  }
  return { id: stage.id, wasRun: true, record };
}

/** What will be done, without doing it. */
export interface PlannedStage {
  readonly stage: Stage;
  /** `waits`: an earlier stage has to be run, whose outputs may or may not change it. */
  readonly state: "done" | "changed" | "new" | "waits";
}

/** The state of every stage as the files are now. */
export async function planStages({ stages, work }: Pick<RunStagesOptions, "stages" | "work">): Promise<PlannedStage[]> {
  const planned: PlannedStage[] = [];
  const pending = new Set<string>();
  for (const stage of stages) {
    const record = await readStageRecord(work, stage.id);
    const isWaiting = Object.values(stage.inputs).some((file) => pending.has(file));
    const isDone =
      !isWaiting &&
      record !== undefined &&
      record.key === keyOf(stage, await hashAll(stage.inputs)) &&
      (await isWhole(stage, record));
    const state = isDone ? "done" : isWaiting ? "waits" : record === undefined ? "new" : "changed";
    if (state !== "done") {
      for (const file of Object.values(stage.outputs)) {
        pending.add(file);
      }
    }
    planned.push({ stage, state });
  }
  return planned;
}

function keyOf(stage: Stage, inputs: Readonly<Record<string, string>>): string {
  const hashes = Object.keys(inputs)
    .toSorted()
    .map((name) => [name, inputs[name]]);
  return sha256Hex(JSON.stringify([stage.id, stage.options, hashes]));
}

async function isWhole(stage: Stage, record: StageRecord): Promise<boolean> {
  const outputs = await hashAll(stage.outputs);
  return Object.keys(stage.outputs).every(
    (name) => outputs[name] !== undefined && outputs[name] === record.outputs[name],
  );
}

/** Hashes by name; what does not exist is left out. */
async function hashAll(files: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const [name, file] of Object.entries(files)) {
    const hash = await hashPath(file);
    if (hash !== undefined) {
      hashes[name] = hash;
    }
  }
  return hashes;
}
