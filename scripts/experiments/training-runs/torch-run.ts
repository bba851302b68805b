import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../../training/artifacts/atomic-file.ts";
import { sha256Hex } from "../../../training/artifacts/meta.ts";
import { readTrainingExamples } from "../../../training/artifacts/training-examples.ts";

const SCRIPT = path.resolve(import.meta.dirname, "../../torch-peer/train.py");

/** A query as PyTorch's side reads it: token ids for an encoder, an embedding for an adapter. */
export type TorchQuery = readonly number[];

/** What `train.py` reads; files are paths. */
interface TorchJob {
  readonly mode: string;
  readonly onnx: string;
  readonly dims: number;
  readonly threads: number;
  readonly seed: number;
  readonly learningRate: number;
  readonly epochs: number;
  readonly maxSteps: number | null;
  readonly batchSize: number;
  readonly negatives: number;
  readonly temperature: number;
  readonly warmup: number;
  readonly clipNorm: number;
  readonly evaluateEvery: number | null;
  /** float32, all passages; null: they are encoded from their tokens. */
  readonly passages: string | null;
  /** A passage's token ids a line. */
  readonly passageTokens: string | null;
  /** Rows that dev questions are searched in; null: all. */
  readonly devPool: readonly number[] | null;
  /** Rows to encode in the end. */
  readonly testPool: readonly number[] | null;
}

export interface TorchRunOptions {
  readonly python: string;
  /** Working folder; a finished run in it is not done again. */
  readonly folder: string;
  readonly job: TorchJob;
  readonly files: { readonly train: string; readonly dev: string };
  readonly passageIds: readonly string[];
  /** Query by text. */
  readonly queryOf: (text: string) => TorchQuery;
  readonly testQueries: readonly string[];
}

const resultSchema = z.object({
  best: z.object({ step: z.number(), score: z.number() }),
  curve: z.array(z.object({ step: z.number(), score: z.number() })),
  /** Of all steps, without measurements. */
  seconds: z.number(),
  torch: z.string(),
});

export interface TorchRun extends z.output<typeof resultSchema> {
  /** Of the test queries. */
  readonly queries: readonly Float32Array[];
  /** Of `testPool`, row-major; undefined without one. */
  readonly pool: Float32Array | undefined;
}

/** The same training by PyTorch; undefined, and said so on stderr, when that Python does not have torch, transformers and onnx. */
export async function torchRun(options: TorchRunOptions): Promise<TorchRun | undefined> {
  const { python, folder, job } = options;
  if (spawnSync(python, ["-c", "import torch, transformers, onnx"]).status !== 0) {
    process.stderr.write(`${python} has no torch, transformers and onnx: this run is not compared with PyTorch\n`);
    return undefined;
  }
  await mkdir(folder, { recursive: true });
  const jobFile = await writeJob(options);
  const output = path.dirname(jobFile);
  if (!existsSync(path.join(output, "result.json"))) {
    const child = spawn(python, [SCRIPT, jobFile], { stdio: ["ignore", "ignore", "inherit"] });
    const [code] = (await once(child, "close")) as [number | null]; // Node's own event
    if (code !== 0) {
      throw new Error(`the torch process ended with ${code}; its message is above`);
    }
  }
  const result = resultSchema.parse(JSON.parse(await readFile(path.join(output, "result.json"), "utf8")));
  const test = await readFloats(path.join(output, "test.f32"));
  const queries = options.testQueries.map((_, row) => test.slice(row * job.dims, (row + 1) * job.dims));
  const pool = job.testPool === null ? undefined : await readFloats(path.join(output, "pool.f32"));
  return { ...result, queries, pool };
}

/** Writes the job and its questions into a folder named by a hash of all of it. */
async function writeJob({ folder, job, files, passageIds, queryOf, testQueries }: TorchRunOptions): Promise<string> {
  const rows = new Map(passageIds.map((id, row) => [id, row]));
  const rowsOf = (ids: readonly string[]): number[] => ids.flatMap((id) => rows.get(id) ?? []);
  const examplesOf = async (file: string): Promise<string> => {
    const examples = await Array.fromAsync(readTrainingExamples(file, rows));
    return toLines(
      examples.map(({ query, positives, hardNegatives }) => ({
        query: queryOf(query),
        positives: rowsOf(positives.map(({ passageId }) => passageId)),
        negatives: rowsOf(hardNegatives),
      })),
    );
  };
  const parts = {
    train: await examplesOf(files.train),
    dev: await examplesOf(files.dev),
    test: toLines(testQueries.map((query) => ({ query: queryOf(query) }))),
  };
  const script = await readFile(SCRIPT, "utf8");
  const output = path.join(folder, sha256Hex(JSON.stringify([job, parts, script])).slice(0, 16));
  for (const [name, lines] of Object.entries(parts)) {
    await writeFileAtomic(path.join(output, `${name}.jsonl`), lines);
  }
  const paths = Object.fromEntries(Object.keys(parts).map((name) => [name, path.join(output, `${name}.jsonl`)]));
  const file = path.join(output, "job.json");
  await writeFileAtomic(file, JSON.stringify({ ...job, ...paths, output }));
  return file;
}

export function toLines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

async function readFloats(file: string): Promise<Float32Array> {
  const bytes = await readFile(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
