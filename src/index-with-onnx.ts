/**
 * The Worker of `index.ts` with onnxruntime-web in it, for encoders that are ONNX graphs (`main` in wrangler.toml): 14 MB of
 * WebAssembly that takes memory and time to start even where no encoder wants it.
 */
import { ENGINES } from "./platform/engines.ts";
import { loadOnnxEncoder } from "./platform/onnx-engine.ts";

ENGINES.set("onnx", loadOnnxEncoder);

export * from "./index.ts";
export { default } from "./index.ts";
