import type { EncoderManifest } from "./manifest.ts";

/** A passage as an encoder sees it; `title` may be empty. */
export interface PassageText {
  readonly title: string;
  readonly text: string;
}

/** Embeddings of a list of texts, in the order of the texts. */
export interface EncodedTexts {
  /** One vector of `manifest.dims` floats for each text; unit length when `manifest.normalize`. */
  readonly embeddings: readonly Float32Array[];
  /** Tokens read by the encoder, special tokens included, after truncation: what `/v1/embeddings` reports as usage. */
  readonly tokenCount: number;
}

/** For callers whose texts come from outside, as many and as long as they like. */
export interface EncodeOptions {
  /** Ends the call between two forward passes, with `aborted`; they let the event loop in for it. */
  readonly signal?: AbortSignal;
  /** More tokens than these, counted as in `EncodedTexts`, are refused with `invalid_request` before the first pass. */
  readonly maxTokens?: number;
}

/** Turns text into vectors. Implemented over the edge engine (`edge-encoder.ts`) and over an `OnnxSession` of either runtime (`onnx-encoder.ts`). */
export interface Encoder {
  readonly manifest: EncoderManifest;
  /** See `encoderFingerprint`. */
  readonly fingerprint: string;
  /** sha256 (hex) of the query adapter that its query embeddings go through; see `adaptEncoder`. */
  readonly adapterSha256?: string;
  /** Adds the query prefix, cuts at `maxQueryLength`. An embedding does not depend on the other texts of the call. */
  encodeQueries(queries: readonly string[], options?: EncodeOptions): Promise<EncodedTexts>;
  /** Adds the passage prefix, joins title and text, cuts at `maxPassageLength`. */
  encodePassages(passages: readonly PassageText[], options?: EncodeOptions): Promise<EncodedTexts>;
  /** Number of tokens of a text, without special tokens, uncut. */
  countTokens(text: string): number;
}

/** One forward pass. Implemented by `src/platform` with onnxruntime-web and by `training` with onnxruntime-node. */
export interface OnnxSession {
  /**
   * All inputs are of shape (batch, sequence), row-major; the graph may use only some of them (`manifest.model.inputs`).
   * Returns the last hidden state, (batch, sequence, dims), row-major.
   */
  run(inputs: OnnxInputs): Promise<Float32Array>;
}

export interface OnnxInputs {
  readonly batch: number;
  readonly sequence: number;
  readonly inputIds: BigInt64Array;
  readonly attentionMask: BigInt64Array;
  readonly tokenTypeIds: BigInt64Array;
}
