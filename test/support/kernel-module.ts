import { readFileSync } from "node:fs";
import path from "node:path";

const FOLDER = path.resolve(import.meta.dirname, "../../src/encoder/engine");

/** The two builds of the kernel: without relaxed SIMD and with it. */
export const KERNELS = ["kernel.wasm", "kernel-relaxed.wasm"] as const;
export type KernelName = (typeof KERNELS)[number];

const modules = new Map<KernelName, WebAssembly.Module>();

/** The kernel as committed, compiled once. */
export function kernelModule(name: KernelName): WebAssembly.Module {
  const module = modules.get(name) ?? new WebAssembly.Module(readFileSync(path.join(FOLDER, name)));
  modules.set(name, module);
  return module;
}
