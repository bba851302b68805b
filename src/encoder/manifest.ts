import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/u, "expected 64 lower-case hex digits");

/**
 * `manifest.json` beside an encoder's model file: all that is needed to embed a text the way the encoder was trained.
 * The same file drives offline encoding and the Worker, so both produce the same vectors.
 */
export const encoderManifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Served as the model name of `/v1/embeddings`. */
  name: z.string().min(1).max(128),
  model: z.strictObject({
    /** What runs the file: an ONNX graph by onnxruntime, or BERT packed for `src/encoder/engine`. Absent: `onnx`. */
    engine: z.enum(["onnx", "edge"]).optional(),
    file: z.string().min(1),
    bytes: z.int().positive(),
    sha256,
    /** Graph inputs that are fed, in any order; of an `edge` model, those of the graph that it was made from, as below. */
    inputs: z.array(z.enum(["input_ids", "attention_mask", "token_type_ids"])).min(1),
    /** Graph output of shape (batch, sequence, dims): the last hidden state. */
    output: z.string().min(1),
  }),
  tokenizer: z.strictObject({ file: z.string().min(1), sha256 }),
  /** Dimensions of an embedding; also of the last hidden state. */
  dims: z.int().positive(),
  pooling: z.enum(["mean", "cls", "last_token"]),
  /** L2-normalise after pooling. */
  normalize: z.boolean(),
  similarity: z.enum(["cosine", "dot-product", "euclidean"]),
  /** Put before every query / passage as it stands, spaces included. */
  queryPrefix: z.string(),
  passagePrefix: z.string(),
  /** Tokens, special tokens included; longer texts are cut. */
  maxQueryLength: z.int().min(3),
  maxPassageLength: z.int().min(3),
  dtype: z.enum(["fp32", "int8"]),
  /** Fingerprint of the passage encoder whose vectors these queries may search. Absent: its own. */
  compatibleWith: sha256.optional(),
  licence: z.string(),
  /** Where the weights come from and what was done to them. */
  provenance: z.record(z.string(), z.unknown()),
});

export type EncoderManifest = z.infer<typeof encoderManifestSchema>;

/**
 * Identity of the vector space that an encoder's passages live in: sha256 (hex) over everything that changes a vector.
 * Collections record it; a query encoder that declares another one is refused.
 */
export async function encoderFingerprint(manifest: EncoderManifest): Promise<string> {
  if (manifest.compatibleWith !== undefined) {
    return manifest.compatibleWith;
  }
  const identity = JSON.stringify([
    manifest.model.sha256,
    manifest.tokenizer.sha256,
    manifest.model.output,
    manifest.dims,
    manifest.pooling,
    manifest.normalize,
    manifest.passagePrefix,
    manifest.maxPassageLength,
    manifest.dtype,
  ]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identity));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
