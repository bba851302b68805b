import { InferenceSession, Tensor } from "onnxruntime-node";
import type { OnnxGraph } from "./onnx-graph.ts";
import { describeGraph, refusedModel } from "./onnx-graph.ts";

export interface LoadGraphOptions {
  readonly modelPath: string;
  /** Threads of one forward pass. Default 1: one process a core is faster than one process over all cores. */
  readonly threads?: number;
}

/**
 * Loads an ONNX file with onnxruntime-node on the CPU.
 * @throws AppError `invalid_artifact` when the file is not a graph that the runtime accepts.
 */
export async function loadNodeGraph({ modelPath, threads = 1 }: LoadGraphOptions): Promise<OnnxGraph> {
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(modelPath, {
      executionProviders: ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
  } catch (cause) {
    throw refusedModel(modelPath, cause);
  }
  return describeGraph({ session, Tensor });
}
