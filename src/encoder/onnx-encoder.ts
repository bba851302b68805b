import { AppError } from "../shared/errors.ts";
import type { Encoder, OnnxInputs, OnnxSession } from "./encoder.ts";
import type { EncoderManifest } from "./manifest.ts";
import { POOLINGS } from "./pooling.ts";
import type { TokenIds } from "./text-encoder.ts";
import { createTextEncoder } from "./text-encoder.ts";
import type { TextTokenizer } from "./tokenizer.ts";
import { normalize } from "./vector.ts";

export interface CreateOnnxEncoderOptions {
  readonly manifest: EncoderManifest;
  readonly tokenizer: TextTokenizer;
  readonly session: OnnxSession;
  /**
   * Upper bound on batch x sequence of one forward pass, padding included; a single longer text still runs, alone.
   * It bounds memory: a WebAssembly heap never shrinks. Default 1024. `ONE_TEXT_A_PASS` for onnxruntime-web.
   */
  readonly maxBatchTokens?: number;
}

/**
 * `maxBatchTokens` of onnxruntime-web, whose results on a padded row differ in the last bits from those on the text alone; an
 * int8 model turns that into a cosine of 0.9997. One thread gains nothing from batches. (onnxruntime-node is exact.)
 */
export const ONE_TEXT_A_PASS = 1;

/** An encoder over any runtime's session, for graphs of any kind. */
export async function createOnnxEncoder({
  manifest,
  tokenizer,
  session,
  maxBatchTokens = 1024,
}: CreateOnnxEncoderOptions): Promise<Encoder> {
  const pool = POOLINGS[manifest.pooling];
  const { dims } = manifest;

  async function embed(texts: readonly TokenIds[]): Promise<Float32Array[]> {
    const inputs = padBatch(texts, tokenizer.padId);
    const states = await session.run(inputs);
    checkStates(states, inputs, dims);
    const textSize = inputs.sequence * dims;
    return texts.map(({ length }, row) => {
      const own = states.subarray(row * textSize, (row + 1) * textSize);
      const pooled = pool({ states: own, tokenCount: length, dims });
      return manifest.normalize ? normalize(pooled) : pooled;
    });
  }

  return await createTextEncoder({
    manifest,
    tokenizer,
    embedder: { embed, fits: ({ texts, longest }) => texts * longest <= maxBatchTokens },
  });
}

/** Rows padded on the right to the longest, which comes first. */
function padBatch(texts: readonly TokenIds[], padId: number): OnnxInputs {
  const batch = texts.length;
  const sequence = texts[0]?.length ?? 0;
  const inputIds = new BigInt64Array(batch * sequence).fill(BigInt(padId)); // (batch, sequence)
  const attentionMask = new BigInt64Array(batch * sequence);
  for (const [row, ids] of texts.entries()) {
    for (const [position, id] of ids.entries()) {
      inputIds[row * sequence + position] = BigInt(id);
      attentionMask[row * sequence + position] = 1n;
    }
  }
  return { batch, sequence, inputIds, attentionMask, tokenTypeIds: new BigInt64Array(batch * sequence) };
}

function checkStates(states: Float32Array, { batch, sequence }: OnnxInputs, dims: number): void {
  const expected = batch * sequence * dims;
  if (states.length !== expected) {
    throw new AppError(
      "invalid_artifact",
      `the encoder's output has ${states.length} values, expected ${batch} x ${sequence} x ${dims} = ${expected}; ` +
        "check `dims` and `model.output` in its manifest",
    );
  }
}
