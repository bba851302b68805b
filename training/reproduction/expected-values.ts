import { readFile } from "node:fs/promises";
import { z } from "zod";
import { RETRIEVAL_MODES } from "../../src/retrieval/types.ts";
import { AppError } from "../../src/shared/errors.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { REPRODUCED_SETS } from "./judged-sets.ts";

const cellSchema = z.strictObject({
  set: z.enum(Object.keys(REPRODUCED_SETS)),
  mode: z.enum(RETRIEVAL_MODES),
  measure: z.string(),
  /** Mean over the set's questions, 0 to 1. */
  value: z.number().min(0).max(1),
});

const modelSchema = z.strictObject({
  name: z.string(),
  /** What encodes the queries; folder in the project. */
  queries: z.string(),
  /** Query adapter behind it; file in the project. */
  adapter: z.string().optional(),
  /** What encoded the passages; folder in the project. */
  passages: z.string(),
  /** sha256 of the files that are shipped, by path in the project. */
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/u)),
  cells: z.array(cellSchema),
});

const expectedSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Largest difference of a cell that is OK. */
  tolerance: z.number().positive(),
  /** Questions of a set at most, by a hash of their ids. */
  questions: z.int().min(1),
  models: z.array(modelSchema),
});

/** What the shipped encoders reach: `expected.json`, as pyserini's two-click reproductions keep theirs. */
export type ExpectedValues = z.output<typeof expectedSchema>;
export type ExpectedModel = ExpectedValues["models"][number];
export type ExpectedCell = ExpectedModel["cells"][number];

/** Reads expected values. Throws `invalid_artifact` when the file is not of this form. */
export async function readExpectedValues(file: string): Promise<ExpectedValues> {
  const text = await readFile(file, "utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError("invalid_artifact", `${file} is not JSON: ${String(error)}`);
  }
  const parsed = expectedSchema.safeParse(value);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${file}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

/** Writes expected values: after a new encoder was shipped, by whoever shipped it. */
export async function writeExpectedValues(file: string, values: ExpectedValues): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify(values, undefined, 2)}\n`);
}
