/**
 * Benchmarks of the edge service on this machine, without an account:
 *
 *   node scripts/bench/edge.ts [--only encode,memory,cold-encoder,bundle,…] [--other-onnx DIR] [--python python3] [--json]
 *
 * Absolute numbers drift with the machine and its load; each section measures what it compares with in the same run, taking
 * turns, and prints ratios. `--other-onnx` is the folder of a further ONNX encoder to measure in section `encode`. Where
 * `--python` has faiss, the scan is compared with it too. `--json` prints one object: section -> measurement -> number.
 * Progress goes to stderr.
 */
import { parseScriptFlags } from "../script-flags.ts";
import type { BenchOptions } from "./edge/bench-options.ts";
import { benchBundle } from "./edge/bundle.ts";
import { benchColdEncoder } from "./edge/cold-encoder.ts";
import { benchColdStart } from "./edge/cold-start.ts";
import { benchEncode } from "./edge/encode.ts";
import { benchIndexSearch } from "./edge/index-search.ts";
import { benchMemory } from "./edge/memory.ts";
import { benchProxy } from "./edge/proxy.ts";
import { benchScan } from "./edge/scan.ts";
import { benchTokenise } from "./edge/tokenise.ts";

/** A new section is a file in `edge/` and a line here. */
const SECTIONS: Readonly<Record<string, (options: BenchOptions) => Promise<Record<string, number>>>> = {
  encode: benchEncode,
  tokenise: benchTokenise,
  scan: benchScan,
  index: () => benchIndexSearch(),
  proxy: benchProxy,
  memory: benchMemory,
  "cold-encoder": benchColdEncoder,
  "cold-start": benchColdStart,
  bundle: benchBundle,
};

const { values: flags } = parseScriptFlags({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string" },
    "other-onnx": { type: "string" },
    python: { type: "string", default: "python3" },
  },
});
const names = flags.only?.split(",") ?? Object.keys(SECTIONS);
const results: Record<string, Record<string, number>> = {};
for (const name of names) {
  const bench = SECTIONS[name];
  if (bench === undefined) {
    throw new Error(`no section "${name}"; there are ${Object.keys(SECTIONS).join(", ")}`);
  }
  process.stderr.write(`${name} ...\n`);
  const measurements = await bench({ otherOnnx: flags["other-onnx"], python: flags.python });
  results[name] = measurements;
  if (!flags.json) {
    printTable(name, measurements);
  }
}
if (flags.json) {
  process.stdout.write(`${JSON.stringify(results)}\n`);
}

function printTable(section: string, measurements: Readonly<Record<string, number>>): void {
  const width = Math.max(...Object.keys(measurements).map((name) => name.length));
  process.stdout.write(`\n${section}\n`);
  for (const [name, value] of Object.entries(measurements)) {
    process.stdout.write(`  ${name.padEnd(width)}  ${value.toFixed(value < 100 ? 2 : 0).padStart(10)}\n`);
  }
}
