import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";

/** What the benchmarks call the encoders: folders of the static assets of their Workers. */
export type BenchEncoder = "edge" | "tiny" | "onnx" | "other";

/** The encoders that ship, and the default one as `aar quantize --engine onnx` makes it of the same fp32 weights. */
export const ENCODER_FOLDERS: Readonly<Record<"edge" | "tiny" | "onnx", string>> = {
  edge: path.resolve(import.meta.dirname, "../../../src/assets/encoder"),
  tiny: path.resolve(import.meta.dirname, "../../../src/assets/encoder-tiny"),
  onnx: path.resolve(import.meta.dirname, "onnx-encoder"),
};

/** The assets of `workers/encode*.toml`. */
const ASSETS = path.resolve(import.meta.dirname, "../../../.aar/bench-assets");

/** Copies the encoders to where the benchmarks' Workers read them. */
export async function publishEncoders(folders: Readonly<Partial<Record<BenchEncoder, string>>>): Promise<void> {
  await rm(ASSETS, { recursive: true, force: true });
  for (const [name, folder] of Object.entries(folders)) {
    await mkdir(path.join(ASSETS, name), { recursive: true });
    for (const file of await readdir(folder)) {
      await copyFile(path.join(folder, file), path.join(ASSETS, name, file));
    }
  }
}
