import { existsSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { metaPath, sha256File } from "./meta.ts";
import { bytesPerVector, unpackVectors, VECTOR_DTYPES } from "./vector-codec.ts";
import type { VectorDtype } from "./vector-codec.ts";

/** Raised when the layout of the folder changes. */
export const VECTOR_SET_VERSION = 1;

/** Vectors are read in pieces of about this size: a buffer cannot hold more than 2 GiB, memory should not hold twice. */
const READ_BYTES = 32 << 20;

const factsSchema = z.strictObject({
  encoderName: z.string(),
  encoderFingerprint: z.string(),
  dims: z.int().positive(),
  similarity: z.enum(["cosine", "dot-product", "euclidean"]),
  dtype: z.enum(VECTOR_DTYPES),
  count: z.int().nonnegative(),
  vectorsSha256: z.string(),
  idsSha256: z.string(),
});
const metaSchema = z.looseObject({
  stage: z.enum(["encode", "export"]),
  schemaVersion: z.literal(VECTOR_SET_VERSION),
  inputs: z.record(z.string(), z.string()),
  facts: factsSchema,
});

/** What `vectors.meta.json` says of the files beside it. */
export type VectorSetFacts = z.output<typeof factsSchema>;

/** Encoded passages: `matrix` holds the vector of `ids[i]` in row i. */
export interface VectorSet {
  readonly facts: VectorSetFacts;
  /** sha256 of what they were made from, by name. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly ids: readonly string[];
  /** Row-major, (count, dims). */
  readonly matrix: Float32Array;
}

/** The files of an encoded corpus. The meta file is written last: a folder without it is unfinished. */
export function vectorSetFiles(folder: string, dtype: VectorDtype): { vectors: string; ids: string; meta: string } {
  return {
    vectors: path.join(folder, `vectors.${dtype === "float32" ? "f32" : "int8"}`),
    ids: path.join(folder, "ids.txt"),
    meta: vectorSetMeta(folder),
  };
}

/** Where the meta file of an encoded corpus is. */
function vectorSetMeta(folder: string): string {
  return metaPath(path.join(folder, "vectors"));
}

/** The meta file alone; undefined when the folder is missing or unfinished. Throws `invalid_artifact` when malformed. */
export async function readVectorSetMeta(folder: string): Promise<Pick<VectorSet, "facts" | "inputs"> | undefined> {
  const file = vectorSetMeta(folder);
  if (!existsSync(file)) {
    return undefined;
  }
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new AppError("invalid_artifact", `${file}: not JSON`, { cause: error });
  }
  const parsed = metaSchema.safeParse(raw);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${file}: ${z.prettifyError(parsed.error)}`);
  }
  return { facts: parsed.data.facts, inputs: parsed.data.inputs };
}

/**
 * Loads an encoded corpus into memory as float32.
 * @throws AppError `invalid_artifact` when the folder is unfinished or its files are not those of its meta file.
 */
export async function loadVectorSet(folder: string): Promise<VectorSet> {
  const meta = await readVectorSetMeta(folder);
  if (meta === undefined) {
    throw new AppError(
      "invalid_artifact",
      `${folder} holds no finished vectors; make them with \`npm run aar -- encode\``,
    );
  }
  const { facts, inputs } = meta;
  const files = vectorSetFiles(folder, facts.dtype);
  await checkFile(files.vectors, facts.vectorsSha256);
  await checkFile(files.ids, facts.idsSha256);
  const ids = (await readFile(files.ids, "utf8")).split("\n").slice(0, -1);
  const matrix = await readMatrix(files.vectors, facts);
  if (ids.length !== facts.count) {
    throw new AppError("invalid_artifact", `${files.ids} holds ${ids.length} ids, expected ${facts.count}`);
  }
  return { facts, inputs, ids, matrix };
}

/** Row `index` of a set, as a view. */
export function vectorAt({ facts: { dims }, matrix }: VectorSet, index: number): Float32Array {
  return matrix.subarray(index * dims, (index + 1) * dims);
}

async function checkFile(file: string, sha256: string): Promise<void> {
  if (!existsSync(file)) {
    throw new AppError("invalid_artifact", `${file} is missing; encode again`);
  }
  if ((await sha256File(file)) !== sha256) {
    throw new AppError("invalid_artifact", `${file} is not the file that its meta file describes; encode again`);
  }
}

async function readMatrix(file: string, { dims, dtype, count }: VectorSetFacts): Promise<Float32Array> {
  const stride = bytesPerVector(dtype, dims);
  const rowsAtOnce = Math.max(1, Math.floor(READ_BYTES / stride));
  const matrix = new Float32Array(count * dims);
  const handle = await open(file, "r");
  try {
    for (let row = 0; row < count; row += rowsAtOnce) {
      const bytes = new Uint8Array(Math.min(rowsAtOnce, count - row) * stride);
      const { bytesRead } = await handle.read(bytes, 0, bytes.byteLength, row * stride);
      if (bytesRead !== bytes.byteLength) {
        throw new AppError("invalid_artifact", `${file} ends before its ${count} vectors of ${dims} dimensions`);
      }
      unpackVectors(bytes, { dtype, dims, into: matrix.subarray(row * dims) });
    }
  } finally {
    await handle.close();
  }
  return matrix;
}
