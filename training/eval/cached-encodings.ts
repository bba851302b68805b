import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { sha256File, sha256Hex } from "../artifacts/meta.ts";
import { packVectors, unpackVectors } from "../artifacts/vector-codec.ts";
import { loadVectorSet } from "../artifacts/vector-set.ts";
import type { VectorSet } from "../artifacts/vector-set.ts";
import type { EncoderRuntime } from "../encoder/load-encoder.ts";
import { encodeCorpus, vectorSetIdentity } from "../indexing/encode-corpus.ts";
import type { Progress, ProgressOptions } from "../progress.ts";

/** Queries handed to the encoder at once. */
const QUERIES_PER_CALL = 256;

export interface EncodingCacheOptions {
  /** Folder of the cache; entries are named by the sha256 of all they depend on, so none is ever stale. */
  readonly cache: string;
  readonly encoder: Encoder;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/**
 * Folder with the float32 vectors of `corpus.jsonl`, encoded at most once for each encoder (which runs on Node's engine here);
 * resumes what an earlier run left.
 */
export async function cachedPassageFolder(corpus: string, options: EncodingCacheOptions): Promise<string> {
  const { cache, encoder, progress, signal } = options;
  const identity = vectorSetIdentity({
    corpusSha256: await sha256File(corpus),
    encoder,
    runtime: "node",
    dtype: "float32",
  });
  const output = path.join(cache, `passages-${identity}`);
  await encodeCorpus({ corpus, output, encoder, progress, signal });
  return output;
}

/** What is in the folder of `cachedPassageFolder`. */
export async function cachedPassageVectors(corpus: string, options: EncodingCacheOptions): Promise<VectorSet> {
  return await loadVectorSet(await cachedPassageFolder(corpus, options));
}

/** Vectors of queries in their order, encoded at most once for each query encoder and list. */
export async function cachedQueryVectors(
  queries: readonly { readonly text: string }[],
  {
    cache,
    encoder,
    runtime,
    progress: createProgress,
    signal,
  }: EncodingCacheOptions & { readonly runtime: EncoderRuntime },
): Promise<Float32Array[]> {
  const { dims } = encoder.manifest;
  const texts = queries.map(({ text }) => text);
  const file = path.join(cache, `queries-${sha256Hex(JSON.stringify([queryIdentity(encoder), runtime, texts]))}.f32`);
  if (!existsSync(file)) {
    const vectors: Float32Array[] = [];
    const progress = createProgress({ label: "encode", unit: "queries", total: texts.length });
    for (let start = 0; start < texts.length; start += QUERIES_PER_CALL) {
      signal.throwIfAborted();
      const { embeddings } = await encoder.encodeQueries(texts.slice(start, start + QUERIES_PER_CALL));
      vectors.push(...embeddings);
      progress.advance(embeddings.length);
    }
    progress.finish();
    await writeFileAtomic(file, packVectors(vectors, "float32"));
  }
  const matrix = new Float32Array(texts.length * dims);
  unpackVectors(await readFile(file), { dtype: "float32", dims, into: matrix });
  return texts.map((_, row) => matrix.subarray(row * dims, (row + 1) * dims));
}

/** All that changes a query's vector; the fingerprint speaks of passages only. */
function queryIdentity({ manifest, adapterSha256 }: Encoder): unknown[] {
  const { model, tokenizer, dims, pooling, normalize, queryPrefix, maxQueryLength } = manifest;
  const own = [model.sha256, model.output, tokenizer.sha256, dims, pooling, normalize, queryPrefix, maxQueryLength];
  return adapterSha256 === undefined ? own : [...own, adapterSha256];
}
