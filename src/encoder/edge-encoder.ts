import { AppError } from "../shared/errors.ts";
import type { Encoder } from "./encoder.ts";
import type { EdgeEngine } from "./engine/edge-engine.ts";
import type { EncoderManifest } from "./manifest.ts";
import { createTextEncoder } from "./text-encoder.ts";
import type { TextTokenizer } from "./tokenizer.ts";

export interface CreateEdgeEncoderOptions {
  readonly manifest: EncoderManifest;
  readonly tokenizer: TextTokenizer;
  readonly engine: EdgeEngine;
}

/** Tokens of one pass, unless texts are longer: enough for the weights to be read seldom, at 3.3 MB of memory for MiniLM. */
const PASS_TOKENS = 256;

/** How many `rows` the engine of an encoder needs. */
export function passTokens({ maxQueryLength, maxPassageLength }: EncoderManifest): number {
  return Math.max(PASS_TOKENS, maxQueryLength, maxPassageLength);
}

/**
 * An encoder over this project's own engine, in the Worker as offline.
 * @throws AppError `invalid_artifact` when the manifest promises what the model cannot do.
 */
export async function createEdgeEncoder({ manifest, tokenizer, engine }: CreateEdgeEncoderOptions): Promise<Encoder> {
  const { hidden, positions } = engine.header;
  const longest = Math.min(positions, engine.maxTokens);
  if (manifest.dims !== hidden || Math.max(manifest.maxQueryLength, manifest.maxPassageLength) > longest) {
    throw new AppError(
      "invalid_artifact",
      `the manifest says ${manifest.dims} dims and texts of up to ${manifest.maxQueryLength} and ${manifest.maxPassageLength} tokens; ` +
        `the model has ${hidden} dims and takes ${longest} tokens`,
    );
  }
  return await createTextEncoder({
    manifest,
    tokenizer,
    embedder: {
      fits: ({ tokens }) => tokens <= engine.maxTokens,
      embed: (texts) => Promise.resolve(engine.embed(texts, manifest)),
    },
  });
}
