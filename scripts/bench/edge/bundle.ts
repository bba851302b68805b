import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundleWorker } from "../../local-worker/bundle-worker.ts";

/** The Worker as it ships, and with onnxruntime-web. */
const ENTRIES = { edge: "src/index.ts", with_onnx: "src/index-with-onnx.ts" } as const;

/** Kilobytes (1,000 bytes) of the WebAssembly and of all that `wrangler deploy` would upload, assets aside. */
export async function benchBundle(): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const [name, entry] of Object.entries(ENTRIES)) {
    const files = await bundle(entry);
    sizes[`${name}_wasm_kb`] = kilobytes(files.filter(({ file }) => file.endsWith(".wasm")));
    sizes[`${name}_bundle_kb`] = kilobytes(files);
  }
  return sizes;
}

interface BundledFile {
  readonly file: string;
  readonly bytes: number;
}

async function bundle(entry: string): Promise<BundledFile[]> {
  const directory = await mkdtemp(path.join(tmpdir(), "aar-bundle-bench-"));
  try {
    await bundleWorker({ directory, entry });
    const names = (await readdir(directory)).filter((file) => /\.(?:js|wasm)$/u.test(file));
    return await Promise.all(
      names.map(async (file) => ({ file, bytes: (await stat(path.join(directory, file))).size })),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function kilobytes(files: readonly BundledFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
}
