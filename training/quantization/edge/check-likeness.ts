import { passTokens } from "../../../src/encoder/edge-encoder.ts";
import { loadEngine } from "../../../src/encoder/engine/load-engine.ts";
import type { EncoderManifest } from "../../../src/encoder/manifest.ts";
import { POOLINGS } from "../../../src/encoder/pooling.ts";
import { cosine } from "../../../src/encoder/vector.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { compileKernel } from "../../encoder/load-edge-engine.ts";
import { loadNodeGraph } from "../../encoder/onnx-runtime-node-session.ts";
import { seededRandom } from "../../seeded-random.ts";
import type { BuiltEncoder } from "../build-encoder.ts";

/** Rounding leaves 0.999 and more; a graph that computes something else is far below. */
const LEAST_COSINE = 0.95;

/** Lengths in tokens of what both embed. */
const LENGTHS = [3, 16, 64];

export interface CheckLikenessOptions {
  /** The fp32 graph, and what its manifest says. */
  readonly modelPath: string;
  readonly manifest: EncoderManifest;
  readonly built: BuiltEncoder;
}

/**
 * Compares an edge model with the graph whose weights it has, on a few made-up texts: names alone do not tell that a graph
 * computes what BERT does (RoBERTa counts positions from 2, others scale or rotate).
 * @throws AppError `invalid_artifact` when their embeddings differ.
 */
export async function checkLikeness({ modelPath, manifest, built }: CheckLikenessOptions): Promise<void> {
  const engine = await loadEngine({
    module: await compileKernel(),
    model: whole(built.model),
    expected: built.manifest.model,
    rows: passTokens(manifest),
  });
  const session = (await loadNodeGraph({ modelPath })).session(manifest.model);
  const random = seededRandom(1);
  const { vocabulary, hidden: dims } = engine.header;
  for (const length of LENGTHS.filter((tokens) => tokens <= manifest.maxQueryLength)) {
    const ids = Array.from({ length }, () => Math.floor(random() * vocabulary));
    const [embedding = new Float32Array()] = engine.embed([ids], { pooling: "mean", normalize: false });
    const states = await session.run({
      batch: 1,
      sequence: length,
      inputIds: BigInt64Array.from(ids, BigInt),
      attentionMask: new BigInt64Array(length).fill(1n),
      tokenTypeIds: new BigInt64Array(length),
    });
    const likeness = cosine(embedding, POOLINGS.mean({ states, tokenCount: length, dims }));
    if (!(likeness >= LEAST_COSINE)) {
      throw new AppError(
        "invalid_artifact",
        `the graph has BERT's weights and computes something else: cosine ${likeness.toFixed(3)} on a text of ${length} tokens; quantise with --engine onnx`,
      );
    }
  }
}

// eslint-disable-next-line typescript/require-await -- a stream is asynchronous
async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
