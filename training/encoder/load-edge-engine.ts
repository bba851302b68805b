import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { EdgeEngine } from "../../src/encoder/engine/edge-engine.ts";
import { loadEngine } from "../../src/encoder/engine/load-engine.ts";
import type { LoadEngineOptions } from "../../src/encoder/engine/load-engine.ts";

const ENGINE = path.resolve(import.meta.dirname, "../../src/encoder/engine");

/** The kernel that this Node can run: before version 22 it knows no relaxed SIMD. */
export async function compileKernel(): Promise<WebAssembly.Module> {
  const relaxed = await readFile(path.join(ENGINE, "kernel-relaxed.wasm"));
  return new WebAssembly.Module(
    WebAssembly.validate(relaxed) ? relaxed : await readFile(path.join(ENGINE, "kernel.wasm")),
  );
}

/** Loads a model file with the engine that serves in the Worker: the same code, the same bits. Throws as `loadEngine` does. */
export async function loadEdgeEngine(
  modelPath: string,
  options: Pick<LoadEngineOptions, "expected" | "rows" | "product" | "instantiate">,
): Promise<EdgeEngine> {
  return await loadEngine({ module: await compileKernel(), model: createReadStream(modelPath), ...options });
}
