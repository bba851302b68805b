import { AppError } from "../shared/errors.ts";
import type { EncodedTexts, EncodeOptions, Encoder, OnnxInputs, OnnxSession, PassageText } from "./encoder.ts";
import type { EncoderManifest } from "./manifest.ts";
import { encoderFingerprint } from "./manifest.ts";
import { joinTitleAndText } from "./passage-text.ts";
import { POOLINGS } from "./pooling.ts";
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

/** A text's ids and where it stood in the call. */
interface TokenizedText {
  readonly index: number;
  readonly ids: readonly number[];
}

/**
 * An encoder over any runtime's session. Texts are sorted by length inside a call, so that a batch carries little
 * padding, and returned in the order of the call. The empty text is embedded like any other: its special tokens.
 */
export async function createOnnxEncoder({
  manifest,
  tokenizer,
  session,
  maxBatchTokens = 1024,
}: CreateOnnxEncoderOptions): Promise<Encoder> {
  const pool = POOLINGS[manifest.pooling];
  const { dims } = manifest;

  async function encode(
    texts: readonly string[],
    { maxLength, signal, maxTokens = Infinity }: EncodeOptions & { readonly maxLength: number },
  ): Promise<EncodedTexts> {
    const tokenized = texts.map((text, index) => ({ index, ids: tokenizer.encode(text, maxLength) }));
    const tokenCount = tokenized.reduce((sum, { ids }) => sum + ids.length, 0);
    checkTokenCount(tokenCount, { texts: texts.length, maxTokens });
    const embeddings: Float32Array[] = Array.from({ length: texts.length });
    for (const [pass, batch] of batchesByLength(tokenized, maxBatchTokens).entries()) {
      await checkSignal(signal, pass);
      const inputs = padBatch(batch, tokenizer.padId);
      const states = await session.run(inputs);
      checkStates(states, inputs, dims);
      for (const [row, { index, ids }] of batch.entries()) {
        const start = row * inputs.sequence * dims;
        const pooled = pool({
          states: states.subarray(start, start + inputs.sequence * dims),
          tokenCount: ids.length,
          dims,
        });
        embeddings[index] = manifest.normalize ? normalize(pooled) : pooled;
      }
    }
    return { embeddings, tokenCount };
  }

  return {
    manifest,
    fingerprint: await encoderFingerprint(manifest),
    encodeQueries: (queries, options) =>
      encode(
        queries.map((query) => manifest.queryPrefix + query),
        { ...options, maxLength: manifest.maxQueryLength },
      ),
    encodePassages: (passages: readonly PassageText[], options) =>
      encode(
        passages.map((passage) => manifest.passagePrefix + joinTitleAndText(passage)),
        { ...options, maxLength: manifest.maxPassageLength },
      ),
    countTokens: (text) => tokenizer.countTokens(text),
  };
}

function checkTokenCount(
  tokenCount: number,
  { texts, maxTokens }: { readonly texts: number; readonly maxTokens: number },
): void {
  if (tokenCount > maxTokens) {
    throw new AppError(
      "invalid_request",
      `the ${texts} texts have ${tokenCount} tokens, at most ${maxTokens} are encoded at once; send fewer or shorter texts`,
      { details: { limit: maxTokens, got: tokenCount } },
    );
  }
}

/**
 * A single-threaded pass blocks, and its promise settles without the event loop: the news of an abort, and other requests,
 * are let in between two passes.
 */
async function checkSignal(signal: AbortSignal | undefined, pass: number): Promise<void> {
  if (signal !== undefined && pass > 0) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  if (signal?.aborted === true) {
    throw new AppError("aborted", "the request was aborted while texts were encoded", { cause: signal.reason });
  }
}

/** Longest first, so that the largest pass comes first and every later one fits the memory it left. */
function batchesByLength(texts: readonly TokenizedText[], maxBatchTokens: number): TokenizedText[][] {
  const batches: TokenizedText[][] = [];
  let batch: TokenizedText[] = [];
  for (const text of texts.toSorted((a, b) => b.ids.length - a.ids.length)) {
    const sequence = batch[0]?.ids.length ?? text.ids.length;
    if (batch.length > 0 && (batch.length + 1) * sequence > maxBatchTokens) {
      batches.push(batch);
      batch = [];
    }
    batch.push(text);
  }
  return batch.length === 0 ? batches : [...batches, batch];
}

/** Rows padded on the right to the longest, which `batchesByLength` puts first. */
function padBatch(texts: readonly TokenizedText[], padId: number): OnnxInputs {
  const batch = texts.length;
  const sequence = texts[0]?.ids.length ?? 0;
  const inputIds = new BigInt64Array(batch * sequence).fill(BigInt(padId)); // (batch, sequence)
  const attentionMask = new BigInt64Array(batch * sequence);
  for (const [row, { ids }] of texts.entries()) {
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
