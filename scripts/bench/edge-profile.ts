/**
 * Where the edge engine's time goes, by kind of layer, beside what the machine's arithmetic allows, in Node, on one thread:
 *
 *   node scripts/bench/edge-profile.ts [--tokens 16,128] [--json]
 *
 * The best of many passes of each function of the kernel: other programs only ever add to it. `limit` is a loop of the same two
 * instructions that touches no memory. Products are of 14-bit by int8 integers.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { instantiateKernel } from "../../src/encoder/engine/kernel.ts";
import type { Kernel } from "../../src/encoder/engine/kernel.ts";
import { parseManifest } from "../../src/encoder/load-manifest.ts";
import { DEFAULT_ENCODER } from "../../training/encoder/default-encoder.ts";
import { loadEdgeEngine } from "../../training/encoder/load-edge-engine.ts";
import { formatTable } from "../../training/format-table.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { measureDotLimit } from "./edge/dot-limit.ts";
import { KernelTimes } from "./edge/kernel-times.ts";

const PASSES = 300;
const WARM_UP_PASSES = 60;

const { values: flags } = parseScriptFlags({
  options: { json: { type: "boolean", default: false }, tokens: { type: "string", default: "16,128" } },
});
const manifest = parseManifest(await readFile(path.join(DEFAULT_ENCODER, "manifest.json"), "utf8"));
const times = new KernelTimes();
const engine = await loadEdgeEngine(path.join(DEFAULT_ENCODER, manifest.model.file), {
  expected: manifest.model,
  rows: manifest.maxPassageLength,
  instantiate: (...options): Kernel => times.watch(instantiateKernel(...options)),
});
const limit = await measureDotLimit();
const profiles: Record<string, unknown> = {};
for (const tokens of flags.tokens.split(",").map(Number)) {
  const ids = Array.from({ length: tokens }, (_, index) => 1000 + 37 * index);
  for (let pass = -WARM_UP_PASSES; pass < PASSES; pass += 1) {
    times.beginPass(pass === 0);
    engine.embed([ids], manifest);
    times.endPass();
  }
  const kinds = times.byKind(engine.header, tokens);
  profiles[tokens] = kinds;
  if (!flags.json) {
    const total = kinds.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const rows = kinds.map(({ kind, milliseconds, multiplyAdds }) => [
      kind,
      milliseconds.toFixed(3),
      `${((100 * milliseconds) / total).toFixed(1)} %`,
      multiplyAdds === 0 ? "" : (multiplyAdds / milliseconds / 1e6).toFixed(1),
      multiplyAdds === 0 ? "" : `${((100 * multiplyAdds) / milliseconds / 1e6 / limit).toFixed(0)} %`,
    ]);
    const header = [`${tokens} tokens`, "ms", "share", "10⁹ products/s", "of the limit"];
    console.log(`${formatTable(header, [...rows, ["all", total.toFixed(3), "", "", ""]])}\n`);
  }
}
console.log(
  flags.json
    ? JSON.stringify({ limit, profiles })
    : `limit: ${limit.toFixed(1)} · 10⁹ multiply-adds a second; the relaxed product runs: ${engine.isRelaxed ? "yes" : "no"}`,
);
