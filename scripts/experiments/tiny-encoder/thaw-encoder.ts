import { readFile } from "node:fs/promises";
import path from "node:path";
import { encoderManifestSchema } from "../../../src/encoder/manifest.ts";
import type { EncoderManifest } from "../../../src/encoder/manifest.ts";
import { keepLayers } from "../../../training/onnx/keep-layers.ts";
import { exportEncoder } from "../../../training/trainer/export-encoder.ts";
import { openTrainableEncoder } from "../../../training/trainer/trainable-encoder.ts";
import { thawEdgeModel } from "./thaw-edge-model.ts";

export interface ThawEncoderOptions {
  /** Folder of an edge encoder. */
  readonly edge: string;
  /** Folder of the fp32 encoder whose layers it was made of. */
  readonly encoder: string;
  readonly layers: readonly number[];
  /** Where the passages were cut that its queries search. */
  readonly passageTokens: number;
  /** Folder that gets the float32 encoder. */
  readonly output: string;
}

/** Writes an edge encoder as a float32 ONNX folder, to be trained further. Returns that folder. */
export async function thawEncoder({
  edge,
  encoder,
  layers,
  passageTokens,
  output,
}: ThawEncoderOptions): Promise<string> {
  const frozen = encoderManifestSchema.parse(JSON.parse(await readFile(path.join(edge, "manifest.json"), "utf8")));
  const teacher = await openTrainableEncoder(encoder, { settings: { maxPassageLength: passageTokens }, threads: 1 });
  const { manifest } = teacher.base;
  const { model } = keepLayers(teacher.spec.model, { output: manifest.model.output, layers });
  const thawed: EncoderManifest = {
    ...manifest,
    name: `${frozen.name}-thawed`,
    compatibleWith: teacher.base.fingerprint,
    provenance: { ...manifest.provenance, thawed: { name: frozen.name, model: frozen.model.sha256 } },
  };
  await exportEncoder({
    folder: output,
    model: thawEdgeModel(await readFile(path.join(edge, frozen.model.file)), model, layers),
    parameters: [],
    source: encoder,
    manifest: thawed,
  });
  return output;
}
