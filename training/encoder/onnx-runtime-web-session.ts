import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { externalizeWeights } from "../../src/encoder/external-weights.ts";
import type { OnnxGraph } from "./onnx-graph.ts";
import { describeGraph, refusedModel } from "./onnx-graph.ts";
import type { LoadGraphOptions } from "./onnx-runtime-node-session.ts";

/**
 * Loads an ONNX file with the WebAssembly runtime that serves in the Worker, so that its embeddings are the Worker's to the
 * last bits: the floating-point kernels of onnxruntime-node round otherwise, which an int8 model turns into a cosine of some
 * 0.9998. Several times slower than onnxruntime-node, and always one thread.
 * @throws AppError `invalid_artifact` when the file is not a graph that the runtime accepts.
 */
export async function loadWebGraph({ modelPath }: Pick<LoadGraphOptions, "modelPath">): Promise<OnnxGraph> {
  const wasmPath = createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm");
  env.wasm.numThreads = 1;
  env.wasm.wasmBinary ??= new Uint8Array(await readFile(wasmPath)).buffer;
  let session: InferenceSession;
  try {
    const { graph, location, weights } = externalizeWeights(new Uint8Array(await readFile(modelPath)));
    session = await InferenceSession.create(graph, {
      executionProviders: ["wasm"],
      externalData: [{ path: location, data: weights }],
      logSeverityLevel: 3,
    });
  } catch (cause) {
    throw refusedModel(modelPath, cause);
  }
  return describeGraph({ session, Tensor });
}
