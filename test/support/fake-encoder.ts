import type { EncodedTexts, Encoder } from "../../src/encoder/encoder.ts";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { joinTitleAndText } from "../../src/encoder/passage-text.ts";
import { normalize } from "../../src/encoder/vector.ts";

export interface FakeEncoderOptions {
  readonly dims?: number;
  readonly fingerprint?: string;
  /** Overrides of the manifest below. */
  readonly manifest?: Partial<EncoderManifest>;
}

/** A manifest of an encoder that does not exist, valid by its schema. */
export const FAKE_MANIFEST: EncoderManifest = {
  schemaVersion: 1,
  name: "fake-encoder",
  model: {
    file: "model.onnx",
    bytes: 1,
    sha256: "a".repeat(64),
    inputs: ["input_ids", "attention_mask"],
    output: "last_hidden_state",
  },
  tokenizer: { file: "tokenizer.json", sha256: "b".repeat(64) },
  dims: 16,
  pooling: "mean",
  normalize: true,
  similarity: "cosine",
  queryPrefix: "",
  passagePrefix: "",
  maxQueryLength: 64,
  maxPassageLength: 128,
  dtype: "fp32",
  licence: "none",
  provenance: {},
};

/** An encoder without a model: hashed bag of words, so texts that share words are near each other. Deterministic. */
export function fakeEncoder({
  dims = 16,
  fingerprint = "f".repeat(64),
  manifest = {},
}: FakeEncoderOptions = {}): Encoder {
  const encode = (texts: readonly string[]): Promise<EncodedTexts> =>
    Promise.resolve({
      embeddings: texts.map((text) => embed(text, dims)),
      tokenCount: texts.reduce((sum, text) => sum + words(text).length + 2, 0),
    });
  return {
    manifest: { ...FAKE_MANIFEST, ...manifest, dims },
    fingerprint,
    encodeQueries: encode,
    encodePassages: (passages) => encode(passages.map((passage) => joinTitleAndText(passage))),
    countTokens: (text) => words(text).length,
  };
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function embed(text: string, dims: number): Float32Array {
  const vector = new Float32Array(dims);
  for (const word of words(text)) {
    let hash = 2_166_136_261; // FNV-1a
    for (let i = 0; i < word.length; i += 1) {
      hash = Math.imul(hash ^ word.charCodeAt(i), 16_777_619) >>> 0;
    }
    vector[hash % dims] = (vector[hash % dims] ?? 0) + (hash & 1024 ? 1 : -1);
  }
  return normalize(vector);
}
