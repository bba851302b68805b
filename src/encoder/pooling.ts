import type { EncoderManifest } from "./manifest.ts";

/** One text's last hidden state, padding already cut off by `tokenCount`. */
interface TokenStates {
  /** Row-major, (sequence, dims) with sequence >= tokenCount; rows from `tokenCount` on are padding and are not read. */
  readonly states: Float32Array;
  /** Tokens of this text, special tokens included; at least 1. */
  readonly tokenCount: number;
  readonly dims: number;
}

/** Reduces a text's token states to one vector of `dims` floats. */
export type Pooling = (tokens: TokenStates) => Float32Array;

/** Mean over the text's own tokens: Σₜ hₜ / tokenCount, summed in double precision. */
function meanPooling({ states, tokenCount, dims }: TokenStates): Float32Array {
  const sums = new Float64Array(dims);
  for (let token = 0; token < tokenCount; token += 1) {
    const offset = token * dims;
    for (let d = 0; d < dims; d += 1) {
      sums[d] = (sums[d] ?? 0) + (states[offset + d] ?? 0);
    }
  }
  return Float32Array.from(sums, (sum) => sum / tokenCount);
}

/** The state of the first token, BERT's [CLS]. */
function clsPooling({ states, dims }: TokenStates): Float32Array {
  return states.slice(0, dims);
}

/** The state of the last token that is not padding, as decoder-style embedders use. */
function lastTokenPooling({ states, tokenCount, dims }: TokenStates): Float32Array {
  return states.slice((tokenCount - 1) * dims, tokenCount * dims);
}

/** Every pooling a manifest can name. A new one is a function here and a word in the manifest's schema. */
export const POOLINGS = {
  mean: meanPooling,
  cls: clsPooling,
  last_token: lastTokenPooling,
} as const satisfies Record<EncoderManifest["pooling"], Pooling>;
