import { readFile } from "node:fs/promises";
import { beforeAll, test } from "vitest";
import { compileKernels, type KernelFile } from "../../../../scripts/wasm/compile-kernel.ts";

/** What the engine may add to a Worker's bundle. */
const MAX_BYTES = 60_000;

let kernels: KernelFile[];
beforeAll(async () => {
  kernels = await compileKernels();
}, 120_000);

test("the committed kernels are what their sources compile to, byte for byte", async ({ expect }) => {
  for (const { path, bytes } of kernels) {
    const committed = await readFile(path);
    expect(committed.equals(bytes), `${path} is stale: run \`npm run build:wasm\``).toBe(true);
  }
  expect(kernels.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)).toBeLessThanOrEqual(MAX_BYTES);
});

test("the kernel without relaxed SIMD has none of its instructions", ({ expect }) => {
  const [plain, relaxed] = kernels;
  // 0xfd 0x93 0x02: i32x4.relaxed_dot_i8x16_i7x16_add_s
  const instruction = Buffer.of(0xfd, 0x93, 0x02);
  expect(Buffer.from(plain?.bytes ?? []).includes(instruction)).toBe(false);
  expect(Buffer.from(relaxed?.bytes ?? []).includes(instruction)).toBe(true);
});
