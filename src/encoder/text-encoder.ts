import { abortError } from "../shared/abort-error.ts";
import { AppError } from "../shared/errors.ts";
import type { EncodedTexts, EncodeOptions, Encoder, PassageText } from "./encoder.ts";
import type { EncoderManifest } from "./manifest.ts";
import { encoderFingerprint } from "./manifest.ts";
import { joinTitleAndText } from "./passage-text.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** Token ids of a text, special tokens included. */
export type TokenIds = readonly number[];

/** The size of one pass. */
interface PassSize {
  readonly texts: number;
  /** Tokens of the longest text. */
  readonly longest: number;
  /** Tokens of all texts. */
  readonly tokens: number;
}

/** From token ids to embeddings, by whatever runs the model. */
interface TextEmbedder {
  /** Whether one pass takes so many. A single text is always taken. */
  fits(size: PassSize): boolean;
  /** Passes that are wanted at the same time, where a call has so many. Default 1: one after the other. */
  readonly passesAtOnce?: number;
  /** Embeddings, pooled and normalised as the manifest says, of at least one text, longest first. `passes`: of the whole call. */
  embed(texts: readonly TokenIds[], passes: number): Promise<readonly Float32Array[]>;
}

export interface CreateTextEncoderOptions {
  readonly manifest: EncoderManifest;
  readonly tokenizer: TextTokenizer;
  readonly embedder: TextEmbedder;
}

/** A text's ids and where it stood in the call. */
interface TokenizedText {
  readonly index: number;
  readonly ids: TokenIds;
}

/**
 * An encoder over any embedder. Texts are sorted by length inside a call, so that a batch carries little padding where it
 * carries any, and returned in the order of the call. The empty text is embedded like any other: its special tokens.
 */
export async function createTextEncoder({ manifest, tokenizer, embedder }: CreateTextEncoderOptions): Promise<Encoder> {
  async function encode(
    texts: readonly string[],
    { maxLength, signal, maxTokens = Infinity }: EncodeOptions & { readonly maxLength: number },
  ): Promise<EncodedTexts> {
    const tokenized = texts.map((text, index) => ({ index, ids: tokenizer.encode(text, maxLength) }));
    const tokenCount = tokenized.reduce((sum, { ids }) => sum + ids.length, 0);
    checkTokenCount(tokenCount, { texts: texts.length, maxTokens });
    const embeddings: Float32Array[] = Array.from({ length: texts.length });
    const batches = batchesByLength(tokenized, embedder);
    const queue = eachOf(batches);
    const embedFromQueue = async (): Promise<void> => {
      for (const [pass, batch] of queue) {
        await checkSignal(signal, pass);
        const texts = batch.map(({ ids }) => ids);
        for (const [row, embedding] of (await embedder.embed(texts, batches.length)).entries()) {
          embeddings[batch[row]?.index ?? -1] = embedding;
        }
      }
    };
    await Promise.all(Array.from({ length: embedder.passesAtOnce ?? 1 }, embedFromQueue));
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

/** For several loops to take from: what one of them throws ends it for all. */
function* eachOf<Item>(items: readonly Item[]): Generator<[number, Item], void, undefined> {
  yield* items.entries();
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
    throw abortError(signal, "the request was aborted while texts were encoded");
  }
}

/** Longest first, so that the largest pass comes first and every later one fits the memory it left. */
function batchesByLength(texts: readonly TokenizedText[], embedder: TextEmbedder): TokenizedText[][] {
  const batches: TokenizedText[][] = [];
  let batch: TokenizedText[] = [];
  let tokens = 0;
  for (const text of texts.toSorted((a, b) => b.ids.length - a.ids.length)) {
    const { length } = text.ids;
    const size = { texts: batch.length + 1, longest: batch[0]?.ids.length ?? length, tokens: tokens + length };
    if (batch.length > 0 && !embedder.fits(size)) {
      batches.push(batch);
      batch = [];
      tokens = 0;
    }
    batch.push(text);
    tokens += length;
  }
  return batch.length === 0 ? batches : [...batches, batch];
}
