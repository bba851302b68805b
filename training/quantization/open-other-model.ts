import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { loadEncoder } from "../encoder/load-encoder.ts";
import type { OpenEncoder } from "./compare-encoders.ts";

/** What another model of the same weights shares with the fp32 encoder. */
export interface SourceFiles {
  readonly tokenizerPath: string;
  readonly manifest: EncoderManifest;
}

/** A model file as an encoder with a source's tokenizer and settings, through a folder of links. Throws `invalid_artifact`. */
export async function openOtherModel(modelPath: string, source: SourceFiles, threads: number): Promise<OpenEncoder> {
  const folder = await mkdtemp(path.join(tmpdir(), "aar-compare-"));
  try {
    await symlink(path.resolve(modelPath), path.join(folder, "model.onnx"));
    await symlink(path.resolve(source.tokenizerPath), path.join(folder, "tokenizer.json"));
    const { name: _, ...settings } = source.manifest;
    return { encoder: await loadEncoder(folder, { ...pickSettings(settings), threads }), modelPath };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function pickSettings(manifest: Omit<EncoderManifest, "name">): Parameters<typeof loadEncoder>[1] {
  const { pooling, normalize, similarity, queryPrefix, passagePrefix, maxQueryLength, maxPassageLength } = manifest;
  return { pooling, normalize, similarity, queryPrefix, passagePrefix, maxQueryLength, maxPassageLength };
}
