import type { Parameter } from "../../training/optim/parameter.ts";
import { wave } from "./onnx-graph.ts";

/** A parameter with values that are neither equal nor round. */
export function waveParameter(name: string, dims: readonly number[], seed = 1): Parameter {
  const length = dims.reduce((product, dim) => product * dim, 1);
  return { name, dims, data: Float32Array.from(wave(length, seed)) };
}
