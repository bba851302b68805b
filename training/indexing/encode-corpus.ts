import { existsSync } from "node:fs";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { joinTitleAndText } from "../../src/encoder/passage-text.ts";
import { AppError } from "../../src/shared/errors.ts";
import { removeStaleTemporaries, writeFileAtomic } from "../artifacts/atomic-file.ts";
import { readCorpus } from "../artifacts/beir.ts";
import type { CorpusPassage, Warn } from "../artifacts/beir.ts";
import { withFolderLock } from "../artifacts/folder-lock.ts";
import { sha256File, sha256Hex, writeMeta } from "../artifacts/meta.ts";
import { bytesPerVector, packVectors } from "../artifacts/vector-codec.ts";
import type { VectorDtype } from "../artifacts/vector-codec.ts";
import { readVectorSetMeta, VECTOR_SET_VERSION, vectorSetFiles } from "../artifacts/vector-set.ts";
import type { VectorSetFacts } from "../artifacts/vector-set.ts";
import type { EncoderRuntime } from "../encoder/load-encoder.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { reuseVectors } from "./reuse-vectors.ts";

/** Passages handed to the encoder at once; it forms batches of like length among them. Progress moves this often. */
const PASSAGES_PER_CALL = 64;

export interface EncodeCorpusOptions {
  /** `corpus.jsonl`. */
  readonly corpus: string;
  /** Folder that gets `vectors.f32|int8`, `ids.txt` and `vectors.meta.json`. */
  readonly output: string;
  readonly encoder: Encoder;
  /** What runs the encoder: another engine rounds otherwise, and shards of two must not mix. Default `node`. */
  readonly runtime?: EncoderRuntime;
  /** Default float32. */
  readonly dtype?: VectorDtype;
  /** Passages of a shard: what a killed run loses at most. Default 256. */
  readonly shardSize?: number;
  /** Replace what is in `output` when it is of another corpus or encoder. Default false: that is an error. */
  readonly overwrite?: boolean;
  /** Folder of finished vectors: taken over when they are of the same passages by the same encoder. */
  readonly reuse?: string | undefined;
  /** Recorded in the meta file. */
  readonly recordedOptions?: Readonly<Record<string, unknown>>;
  /** Told of passages that hold nothing to encode. Default: nobody is. */
  readonly warn?: Warn;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal?: AbortSignal;
}

export interface EncodeCorpusResult {
  readonly facts: VectorSetFacts;
  /** Passages whose vectors were there already, from a run that was interrupted or from a finished one. */
  readonly reused: number;
}

/**
 * Encodes a corpus shard by shard. A shard is written atomically when it is full and depends on nothing but its own
 * passages, so a run killed at any moment goes on where it was and ends with the same bytes. Inside a shard passages
 * are sorted by length, which is what makes padding cheap; the output keeps the order of the corpus.
 *
 * @throws AppError `invalid_artifact` for a malformed corpus (all of it is read before anything is encoded), and for an
 *   output folder that belongs to another corpus or encoder or is being written; `fingerprint_mismatch` for a query-only encoder.
 */
export async function encodeCorpus(options: EncodeCorpusOptions): Promise<EncodeCorpusResult> {
  const { corpus, output, encoder, runtime = "node", dtype = "float32" } = options;
  checkPassageEncoder(encoder);
  const corpusSha256 = await sha256OfCorpus(corpus);
  const identity = vectorSetIdentity({ corpusSha256, encoder, runtime, dtype });
  const finished = await readVectorSetMeta(output);
  if (finished?.inputs["identity"] === identity) {
    await rm(partsFolder(output), { recursive: true, force: true });
    return { facts: finished.facts, reused: finished.facts.count };
  }
  const ids = await Array.fromAsync(readCorpus(corpus, options.warn), ({ id }) => id);
  if (finished !== undefined && options.overwrite !== true) {
    throw otherVectors(output);
  }
  return await withFolderLock(output, async () => {
    const facts = options.reuse === undefined ? undefined : await reuseVectors(options.reuse, output, identity);
    return facts === undefined
      ? await encodeLocked(options, { ids, identity, corpusSha256 })
      : { facts, reused: facts.count };
  });
}

async function encodeLocked(options: EncodeCorpusOptions, inputs: MergeInputs): Promise<EncodeCorpusResult> {
  const { output, dtype = "float32", shardSize = 256, overwrite = false } = options;
  await preparePartsFolder(output, { identity: inputs.identity, shardSize, overwrite });
  const work: ShardWork = { ...options, dtype, shardSize, count: inputs.ids.length };
  const reused = await encodeShards(work);
  return { facts: await mergeShards(work, inputs), reused };
}

/** sha256 over all that decides the bytes of the vectors, how title and text are joined included. */
export function vectorSetIdentity({ corpusSha256, encoder, runtime, dtype }: VectorSetIdentityOptions): string {
  const joined = joinTitleAndText({ title: "title", text: "text" });
  const engine = runtime === "node" ? [] : [runtime];
  return sha256Hex(JSON.stringify([VECTOR_SET_VERSION, corpusSha256, encoder.fingerprint, joined, dtype, ...engine]));
}

interface VectorSetIdentityOptions {
  readonly corpusSha256: string;
  readonly encoder: Pick<Encoder, "fingerprint">;
  readonly runtime: EncoderRuntime;
  readonly dtype: VectorDtype;
}

async function sha256OfCorpus(corpus: string): Promise<string> {
  if (!existsSync(corpus)) {
    throw new AppError("invalid_artifact", `cannot read ${corpus}: there is no such file`);
  }
  return await sha256File(corpus);
}

function checkPassageEncoder({ manifest }: Encoder): void {
  if (manifest.compatibleWith !== undefined) {
    throw new AppError(
      "fingerprint_mismatch",
      `encoder "${manifest.name}" is a query encoder for the vectors of ${manifest.compatibleWith}; encode passages with that encoder`,
    );
  }
}

function otherVectors(output: string): AppError {
  return new AppError(
    "invalid_artifact",
    `${output} holds vectors of another corpus, encoder, dtype or shard size; choose another --output or pass --overwrite`,
  );
}

function partsFolder(output: string): string {
  return path.join(output, "parts");
}

function shardFile(output: string, shard: number): string {
  return path.join(partsFolder(output), `${String(shard).padStart(6, "0")}.bin`);
}

interface PartsPlan {
  readonly identity: string;
  readonly shardSize: number;
  readonly overwrite: boolean;
}

/** Shards of another plan would be mixed into the result: they are refused, or dropped when told so. */
async function preparePartsFolder(output: string, { identity, shardSize, overwrite }: PartsPlan): Promise<void> {
  const folder = partsFolder(output);
  const planFile = path.join(folder, "plan.json");
  const plan = JSON.stringify({ identity, shardSize });
  const found = existsSync(planFile) ? await readFile(planFile, "utf8") : undefined;
  if (found !== undefined && found !== plan) {
    if (!overwrite) {
      throw otherVectors(output);
    }
    await rm(folder, { recursive: true });
  }
  await mkdir(folder, { recursive: true });
  await removeStaleTemporaries(folder);
  await removeStaleTemporaries(output);
  await writeFileAtomic(planFile, plan);
}

type ShardWork = EncodeCorpusOptions &
  Required<Pick<EncodeCorpusOptions, "dtype" | "shardSize">> & { readonly count: number };

async function encodeShards(work: ShardWork): Promise<number> {
  const { corpus, output, count, shardSize, progress: createProgress } = work;
  const isDone = await Promise.all(
    Array.from({ length: Math.ceil(count / shardSize) }, (_, shard) => isShardComplete(work, shard)),
  );
  const sizeOf = (shard: number): number => Math.min(shardSize, count - shard * shardSize);
  const reused = isDone.reduce((sum, done, shard) => sum + (done ? sizeOf(shard) : 0), 0);
  const progress = createProgress({ label: "encode", unit: "passages", total: count, start: reused });
  try {
    let shard = 0;
    for await (const passages of windows(readCorpus(corpus), shardSize)) {
      if (isDone[shard] !== true) {
        const vectors = await encodeWindow(passages, work, progress);
        await writeFileAtomic(shardFile(output, shard), packVectors(vectors, work.dtype));
      }
      shard++;
    }
  } finally {
    progress.finish();
  }
  return reused;
}

async function isShardComplete(
  { output, count, shardSize, dtype, encoder }: ShardWork,
  shard: number,
): Promise<boolean> {
  const file = shardFile(output, shard);
  const size = Math.min(shardSize, count - shard * shardSize);
  return existsSync(file) && (await stat(file)).size === size * bytesPerVector(dtype, encoder.manifest.dims);
}

async function* windows(passages: AsyncIterable<CorpusPassage>, size: number): AsyncGenerator<CorpusPassage[]> {
  let window: CorpusPassage[] = [];
  for await (const passage of passages) {
    window.push(passage);
    if (window.length === size) {
      yield window;
      window = [];
    }
  }
  if (window.length > 0) {
    yield window;
  }
}

async function encodeWindow(
  passages: readonly CorpusPassage[],
  { encoder, signal }: Pick<ShardWork, "encoder" | "signal">,
  progress: Progress,
): Promise<Float32Array[]> {
  const byLength = passages
    .map((passage, index) => ({ passage, index, length: passage.title.length + passage.text.length }))
    .toSorted((a, b) => a.length - b.length);
  const vectors: Float32Array[] = Array.from({ length: passages.length });
  for (let start = 0; start < byLength.length; start += PASSAGES_PER_CALL) {
    signal?.throwIfAborted();
    const group = byLength.slice(start, start + PASSAGES_PER_CALL);
    const { embeddings } = await encoder.encodePassages(group.map(({ passage }) => passage));
    for (const [position, { index }] of group.entries()) {
      vectors[index] = checkedVector(embeddings[position], encoder);
    }
    progress.advance(group.length);
  }
  return vectors;
}

function checkedVector(vector: Float32Array | undefined, { manifest }: Encoder): Float32Array {
  if (vector?.length !== manifest.dims || !vector.every(Number.isFinite)) {
    throw new AppError(
      "encoder_failed",
      `encoder "${manifest.name}" returned no vector of ${manifest.dims} finite numbers for a passage`,
    );
  }
  return vector;
}

interface MergeInputs {
  readonly ids: readonly string[];
  readonly identity: string;
  readonly corpusSha256: string;
}

/** The meta file is the last to be written and the shards go after it: until then a restart merges again. */
async function mergeShards(work: ShardWork, { ids, identity, corpusSha256 }: MergeInputs): Promise<VectorSetFacts> {
  const { output, dtype, shardSize, encoder, recordedOptions = {} } = work;
  const { manifest, fingerprint } = encoder;
  const files = vectorSetFiles(output, dtype);
  const shards = Array.from({ length: Math.ceil(ids.length / shardSize) }, (_, shard) => shardFile(output, shard));
  await writeFileAtomic(files.vectors, contents(shards));
  await writeFileAtomic(
    files.ids,
    ids.map((id) => `${id}\n`),
  );
  const facts: VectorSetFacts = {
    encoderName: manifest.name,
    encoderFingerprint: fingerprint,
    dims: manifest.dims,
    similarity: manifest.similarity,
    dtype,
    count: ids.length,
    vectorsSha256: await sha256File(files.vectors),
    idsSha256: await sha256File(files.ids),
  };
  await writeMeta(path.join(output, "vectors"), {
    stage: "encode",
    schemaVersion: VECTOR_SET_VERSION,
    options: { ...recordedOptions, dtype, shardSize, maxPassageLength: manifest.maxPassageLength },
    inputs: { corpus: corpusSha256, encoder: manifest.model.sha256, tokenizer: manifest.tokenizer.sha256, identity },
    facts,
  });
  await rm(partsFolder(output), { recursive: true });
  return facts;
}

async function* contents(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    yield await readFile(file);
  }
}
