import { existsSync } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { readJsonl } from "../artifacts/jsonl.ts";
import { sha256File } from "../artifacts/meta.ts";
import { unpackVectors } from "../artifacts/vector-codec.ts";
import { fusionSchema, versionSchema } from "./wire.ts";

/** Raised when the layout of the folder changes. */
export const BACKUP_VERSION = 1;

/** Vectors read at once. */
const ROWS_PER_READ = 1_000;

const fileSchema = z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string() });

const manifestSchema = z.strictObject({
  schemaVersion: z.literal(BACKUP_VERSION),
  collection: z.strictObject({
    name: z.string(),
    displayName: z.string(),
    metadata: z.record(z.string(), z.string()),
    encoderFingerprint: z.string(),
    encoderName: z.string(),
    dims: z.int().positive(),
    similarity: z.enum(["cosine", "dot-product", "euclidean"]),
    fusion: fusionSchema,
    /** Of the Worker's collection: it rises with every write. */
    version: z.int(),
  }),
  passages: z.int().nonnegative(),
  documents: z.int().nonnegative(),
  /** Whether nothing was written to the collection while it was exported. */
  isConsistent: z.boolean(),
  files: z.record(z.string(), fileSchema),
});

/** `backup.json`, the last file to be written: a folder without it is unfinished. */
export type BackupManifest = z.output<typeof manifestSchema>;

/** A line of `corpus.jsonl`: BEIR's, with our extensions. */
const corpusLineSchema = z.object({
  _id: z.string(),
  title: z.string(),
  text: z.string(),
  url: z.string(),
  document_id: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  /** Of the ingested document that it was cut from. */
  version: z.int().optional(),
});

/** A passage of a backup with its vector. */
export interface BackedUpPassage extends z.output<typeof corpusLineSchema> {
  readonly vector: Float32Array;
}

/** The files of a backup. */
export function backupFiles(folder: string): Readonly<Record<"manifest" | "corpus" | "documents" | "vectors", string>> {
  return {
    manifest: path.join(folder, "backup.json"),
    corpus: path.join(folder, "corpus.jsonl"),
    documents: path.join(folder, "documents.jsonl"),
    vectors: path.join(folder, "vectors.f32"),
  };
}

/** What `files` of the manifest says of a file. */
export async function describeFile(file: string): Promise<z.output<typeof fileSchema>> {
  return { bytes: (await stat(file)).size, sha256: await sha256File(file) };
}

/** @throws AppError `invalid_artifact` when the folder holds no finished backup. */
export async function readManifest(folder: string): Promise<BackupManifest> {
  const { manifest: file } = backupFiles(folder);
  if (!existsSync(file)) {
    throw new AppError(
      "invalid_artifact",
      `${folder} holds no finished backup (no backup.json); make one with \`aar export\``,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new AppError("invalid_artifact", `${file}: not JSON`, { cause });
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${file}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

/**
 * Checks that every file is the one that was exported.
 * @throws AppError `invalid_artifact` that names the first which is not.
 */
export async function verifyFiles(folder: string, { files }: BackupManifest): Promise<void> {
  for (const [name, expected] of Object.entries(files)) {
    const file = path.join(folder, path.basename(name));
    if (!existsSync(file)) {
      throw new AppError("invalid_artifact", `${file} is missing; the backup is not complete`);
    }
    const { bytes, sha256 } = await describeFile(file);
    if (bytes !== expected.bytes || sha256 !== expected.sha256) {
      throw new AppError(
        "invalid_artifact",
        `${file} is not the file that was exported: ${bytes} bytes, sha256 ${sha256}; backup.json says ${expected.bytes} and ${expected.sha256}`,
      );
    }
  }
}

/** Streams the passages in their order, with their vectors. */
export async function* readPassages(folder: string, { collection }: BackupManifest): AsyncGenerator<BackedUpPassage> {
  const { corpus, vectors } = backupFiles(folder);
  const handle = await open(vectors, "r");
  try {
    const rows = readRows(handle, collection.dims);
    for await (const { value } of readJsonl(corpus, corpusLineSchema)) {
      const { value: vector } = await rows.next();
      if (vector === undefined) {
        throw new AppError("invalid_artifact", `${vectors} has fewer vectors than ${corpus} has passages`);
      }
      yield { ...value, vector };
    }
  } finally {
    await handle.close();
  }
}

async function* readRows(handle: FileHandle, dims: number): AsyncGenerator<Float32Array, undefined> {
  const bytes = new Uint8Array(ROWS_PER_READ * dims * 4);
  for (let position = 0; ; position += bytes.byteLength) {
    const { bytesRead } = await handle.read(bytes, 0, bytes.byteLength, position);
    const matrix = new Float32Array(ROWS_PER_READ * dims);
    const count = unpackVectors(bytes.subarray(0, bytesRead), { dtype: "float32", dims, into: matrix });
    for (let row = 0; row < count; row++) {
      yield matrix.subarray(row * dims, (row + 1) * dims);
    }
    if (bytesRead < bytes.byteLength) {
      return undefined;
    }
  }
}

/** The ingested documents of a backup, by version. */
export async function readDocuments(folder: string): Promise<ReadonlyMap<number, z.output<typeof versionSchema>>> {
  const documents = new Map<number, z.output<typeof versionSchema>>();
  for await (const { value } of readJsonl(backupFiles(folder).documents, versionSchema)) {
    documents.set(value.version, value);
  }
  return documents;
}
