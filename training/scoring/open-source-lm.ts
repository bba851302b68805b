import { openOnnxLm } from "./onnx-source-lm.ts";
import type { SourceLm } from "./source-lm.ts";

export interface OpenSourceLmOptions {
  readonly threads: number;
}

/** Opens the LM that `--lm` names: an ONNX file, or a folder with one. */
export async function openSourceLm(location: string, { threads }: OpenSourceLmOptions): Promise<SourceLm> {
  return await openOnnxLm(location, { threads });
}
