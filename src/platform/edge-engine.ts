import { createEdgeEncoder, passTokens } from "../encoder/edge-encoder.ts";
import type { Encoder } from "../encoder/encoder.ts";
import kernelModule from "../encoder/engine/kernel-relaxed.wasm";
import { loadEngine } from "../encoder/engine/load-engine.ts";
import type { EncoderManifest } from "../encoder/manifest.ts";
import type { TextTokenizer } from "../encoder/tokenizer.ts";

export interface LoadAssetEncoderOptions {
  readonly manifest: EncoderManifest;
  /** Its bytes as they arrive. */
  readonly model: Response;
  /** Is read beside the model. */
  readonly tokenizer: Promise<TextTokenizer>;
}

/** An encoder over this project's engine. workerd knows relaxed SIMD; the kernel was compiled at deploy. Throws as `loadEngine` does. */
export async function loadEdgeEncoder({ manifest, model, tokenizer }: LoadAssetEncoderOptions): Promise<Encoder> {
  const [engine, readyTokenizer] = await Promise.all([
    loadEngine({
      module: kernelModule,
      model: model.body ?? new ReadableStream(),
      expected: manifest.model,
      rows: passTokens(manifest),
    }),
    tokenizer,
  ]);
  return await createEdgeEncoder({ manifest, tokenizer: readyTokenizer, engine });
}
