/** `npm run build:wasm`: compiles `src/encoder/engine/assembly` into the committed `kernel.wasm` and `kernel-relaxed.wasm`. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { compileKernels } from "./wasm/compile-kernel.ts";

for (const { path: file, bytes } of await compileKernels()) {
  await writeFile(file, bytes);
  console.log(`${path.relative(".", file)}: ${bytes.byteLength} bytes`);
}
