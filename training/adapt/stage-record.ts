import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import type { Stage } from "./stage.ts";

/** Raised when the records change; older ones are then run again. */
const RECORD_VERSION = 1;

const recordSchema = z.strictObject({
  schemaVersion: z.literal(RECORD_VERSION),
  id: z.string(),
  /** sha256 over options and inputs: the same key, the same outputs. */
  key: z.string(),
  commandLine: z.string(),
  options: z.record(z.string(), z.unknown()),
  /** sha256 by name. */
  inputs: z.record(z.string(), z.string()),
  outputs: z.record(z.string(), z.string()),
  /** Wall clock of all attempts together, as far as they ended by themselves. */
  seconds: z.number(),
  tokens: z.number(),
  facts: z.unknown(),
});

/** What `stages/<id>.json` of a work folder says of a stage that is done. */
export type StageRecord = z.output<typeof recordSchema>;

function recordFile(work: string, id: string): string {
  return path.join(work, "stages", `${id.replaceAll(":", ".")}.json`);
}

/** The record of a stage; undefined when it was never finished. Throws `invalid_artifact` for a malformed one. */
export async function readStageRecord(work: string, id: string): Promise<StageRecord | undefined> {
  const file = recordFile(work, id);
  if (!existsSync(file)) {
    return undefined;
  }
  try {
    return recordSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    throw new AppError("invalid_artifact", `${file} is no record of a stage; delete it to run the stage again`, {
      cause,
    });
  }
}

export async function writeStageRecord(
  work: string,
  stage: Stage,
  done: Pick<StageRecord, "key" | "inputs" | "outputs" | "seconds" | "tokens" | "facts">,
): Promise<void> {
  const { id, commandLine, options } = stage;
  const record: StageRecord = { schemaVersion: RECORD_VERSION, id, commandLine, options, ...done };
  await writeFileAtomic(recordFile(work, id), `${JSON.stringify(record, undefined, 2)}\n`);
}
