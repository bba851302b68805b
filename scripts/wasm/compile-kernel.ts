import { readFile } from "node:fs/promises";
import path from "node:path";
import { main as asc } from "assemblyscript/asc";

const ENGINE = path.resolve(import.meta.dirname, "../../src/encoder/engine");

/** The two builds of `src/encoder/engine/assembly`: file beside it -> what is compiled, and how. */
const BUILDS: Readonly<Record<string, readonly string[]>> = {
  "kernel.wasm": ["assembly/index.ts"],
  "kernel-relaxed.wasm": ["assembly/index-relaxed.ts", "--enable", "relaxed-simd", "--use", "RELAXED_SIMD=1"],
};

const OPTIONS =
  // v128 (warning 112) stays inside: the exports that take it are not called from JavaScript.
  "--outFile kernel.wasm -O3 --runtime stub --noAssert --importMemory --memoryBase 16 --enable simd --disableWarning 112".split(
    " ",
  );

/** A kernel as it is committed, or as it should be. */
export interface KernelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Compiles both kernels in memory. The same sources give the same bytes on every machine: the compiler is itself WebAssembly. */
export async function compileKernels(): Promise<KernelFile[]> {
  const kernels: KernelFile[] = [];
  for (const [file, build] of Object.entries(BUILDS)) {
    kernels.push({ path: path.join(ENGINE, file), bytes: await compileAssembly(build) });
  }
  return kernels;
}

/** Compiles one file beside `assembly/`, with further options of the compiler; throws what the compiler says. */
export async function compileAssembly(build: readonly string[]): Promise<Uint8Array> {
  let output: Uint8Array | undefined;
  const messages: string[] = [];
  const { error } = await asc([...build, ...OPTIONS], {
    stderr: { write: (text) => messages.push(text.toString()) },
    readFile: async (name) => await readFile(path.join(ENGINE, name), "utf8").catch(() => null),
    writeFile: (_name, contents) => {
      output = typeof contents === "string" ? undefined : contents;
    },
    listFiles: () => [],
  });
  if (error !== null || output === undefined) {
    throw new Error(`${build.join(" ")} does not compile:\n${messages.join("")}`, { cause: error });
  }
  return output;
}
