import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { EdgeEngine } from "../../src/encoder/engine/edge-engine.ts";
import type { ProductChoice } from "../../src/encoder/engine/kernel.ts";
import { loadEngine } from "../../src/encoder/engine/load-engine.ts";

const FOLDER = path.resolve(import.meta.dirname, "../../src/encoder/engine");

export interface OpenEngineOptions {
  /** Default: with relaxed SIMD. */
  readonly kernel?: "kernel.wasm" | "kernel-relaxed.wasm";
  readonly product?: ProductChoice;
  readonly rows?: number;
  /** Bytes of a piece that the file arrives in. Default 1000. */
  readonly piece?: number;
  /** What the manifest would say; default the truth. */
  readonly expected?: { readonly bytes?: number; readonly sha256?: string };
}

/** An engine over a model file in memory. */
export async function openEngine(
  file: Uint8Array,
  { kernel = "kernel-relaxed.wasm", product, rows = 64, piece = 1000, expected = {} }: OpenEngineOptions = {},
): Promise<EdgeEngine> {
  return await loadEngine({
    module: new WebAssembly.Module(await readFile(path.join(FOLDER, kernel))),
    model: pieces(file, piece),
    expected: { file: "model.edge", bytes: file.byteLength, sha256: sha256Of(file), ...expected },
    rows,
    ...(product === undefined ? {} : { product }),
  });
}

// eslint-disable-next-line typescript/require-await -- a stream is asynchronous
async function* pieces(file: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < file.byteLength; start += size) {
    yield file.subarray(start, start + size);
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
