import type { EncoderManifest } from "../encoder/manifest.ts";
import { AppError } from "../shared/errors.ts";
import { loadEdgeEncoder } from "./edge-engine.ts";
import type { EngineLoader } from "./engine-loader.ts";

type EngineName = NonNullable<EncoderManifest["model"]["engine"]>;

/** What runs a model, by the manifest's `model.engine`: those that are in this Worker. `src/index-with-onnx.ts` adds one. */
export const ENGINES = new Map<EngineName, EngineLoader>([["edge", loadEdgeEncoder]]);

/**
 * The engine that a manifest names.
 * @throws AppError `encoder_failed` when it is not in this Worker.
 */
export function engineOf({ model: { engine = "onnx" } }: EncoderManifest): EngineLoader {
  const loader = ENGINES.get(engine);
  if (loader === undefined) {
    throw new AppError(
      "encoder_failed",
      `its manifest's model.engine is ${engine}, this Worker has ${[...ENGINES.keys()].join(", ")}; ` +
        'put main = "src/index-with-onnx.ts" into wrangler.toml, or write the encoder with `aar quantize --engine edge`',
    );
  }
  return loader;
}
