import path from "node:path";
import { writeMeta } from "../artifacts/meta.ts";
import type { ModelProto } from "../onnx/proto.ts";
import type { Blend } from "./blend-weights.ts";
import type { TrainingState } from "./checkpoint.ts";
import { exportEncoder } from "./export-encoder.ts";
import type { PreparedRun, RunContext } from "./prepared-run.ts";
import type { TrainableEncoder } from "./trainable-encoder.ts";

export interface FinishEncoderOptions extends Pick<PreparedRun, "task" | "inputs" | "facts"> {
  readonly context: RunContext;
  readonly encoder: TrainableEncoder;
  readonly model: ModelProto;
  readonly state: TrainingState;
  readonly blend: Blend | undefined;
  /** Fingerprint of the passage vectors that its queries search; undefined: its own. */
  readonly compatibleWith: string | undefined;
}

/** Writes the trained encoder to `<output>/encoder` and returns the folder. */
export async function finishEncoder(given: FinishEncoderOptions): Promise<string> {
  const { context, encoder, task, inputs, facts, model, state, blend, compatibleWith } = given;
  const { options } = context;
  const { compatibleWith: _, ...manifest } = encoder.base.manifest;
  const folder = path.join(options.output, "encoder");
  const { step, best } = state;
  await exportEncoder({
    folder,
    model,
    parameters: task.parameters,
    source: encoder.folder,
    manifest: {
      ...manifest,
      name: options.name ?? `${manifest.name}-${options.mode}`,
      ...(compatibleWith === undefined ? {} : { compatibleWith }),
      provenance: {
        ...manifest.provenance,
        training: {
          mode: options.mode,
          layers: options.layers,
          steps: best?.step ?? step,
          dev: best,
          ...(blend === undefined ? {} : { blend }),
          inputs,
          ...facts,
        },
      },
    },
  });
  await writeMeta(folder, {
    stage: "train",
    schemaVersion: 1,
    options: { ...options },
    inputs,
    facts: { ...facts, best, ...(blend === undefined ? {} : { blend }) },
  });
  return folder;
}
