import { createEdgeEncoder, passTokens } from "../encoder/edge-encoder.ts";
import type { Encoder } from "../encoder/encoder.ts";
import kernelModule from "../encoder/engine/kernel-relaxed.wasm";
import { loadEngine } from "../encoder/engine/load-engine.ts";
import type { LoadAssetEncoderOptions } from "./engine-loader.ts";

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
