/** The encoder benchmark's Worker with onnxruntime-web in it, as `src/index-with-onnx.ts` has it. */
import "./recorded-memories.ts";
import { ENGINES } from "../../../../src/platform/engines.ts";
import { loadOnnxEncoder } from "../../../../src/platform/onnx-engine.ts";

ENGINES.set("onnx", loadOnnxEncoder);

// eslint-disable-next-line import/no-default-export -- the runtime wants it
export { default } from "./encode.ts";
