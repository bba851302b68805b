import { AppError } from "../shared/errors.ts";
import type { Encoder } from "./encoder.ts";
import type { EngineOutput } from "./engine/edge-engine.ts";
import type { ModelHeader } from "./engine/model-header.ts";
import type { EncoderManifest } from "./manifest.ts";
import { createTextEncoder } from "./text-encoder.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** What an encoder needs of an engine: one `EdgeEngine`, or several of the same model. */
export interface EmbeddingEngine {
  readonly header: ModelHeader;
  /** Tokens of all texts of one pass, at most. */
  readonly maxTokens: number;
  /** See `TextEmbedder`. */
  readonly passesAtOnce?: number;
  /** Embeddings of `header.hidden` floats, in the order of the texts. `passes`: of the call that this pass is of. */
  embed(
    texts: readonly (readonly number[])[],
    output: EngineOutput,
    passes: number,
  ): readonly Float32Array[] | Promise<readonly Float32Array[]>;
}

export interface CreateEdgeEncoderOptions {
  readonly manifest: EncoderManifest;
  readonly tokenizer: TextTokenizer;
  readonly engine: EmbeddingEngine;
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
      ...(engine.passesAtOnce === undefined ? {} : { passesAtOnce: engine.passesAtOnce }),
      embed: async (texts, passes) => await engine.embed(texts, manifest, passes),
    },
  });
}
