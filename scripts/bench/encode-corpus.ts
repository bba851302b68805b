/**
 * Speed of encoding passages offline, as `aar encode` does it: the shipped encoder by the edge engine, in one thread and in all, beside the same
 * weights in int8 and, with `--fp32`, an fp32 folder by onnxruntime with as many threads; on passages of the demo (World Factbook), taking turns:
 *
 *   node scripts/bench/encode-corpus.ts [--fp32 DIR] [--passages 512] [--threads N] [--rounds 3] [--json]
 *
 * Elapsed time, medians over the rounds. Ratios below 1 mean that the edge engine takes less time than its peer.
 */
import { availableParallelism } from "node:os";
import path from "node:path";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { loadEncoder } from "../../training/encoder/load-encoder.ts";
import { formatTable } from "../../training/format-table.ts";
import { demoPassages } from "../demo-corpus/demo-data.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { median, time } from "./edge/statistics.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
/** As `aar encode` hands them over. */
const PASSAGES_PER_CALL = 64;

const { values } = parseScriptFlags({
  options: {
    fp32: { type: "string" },
    passages: { type: "string", default: "512" },
    threads: { type: "string", default: String(availableParallelism()) },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const threads = Number(values.threads);
const passages = demoPassages()
  .slice(0, Number(values.passages))
  .toSorted((a, b) => a.text.length - b.text.length);
const edge = path.join(ROOT, "src/assets/encoder");
const sides: Readonly<Record<string, Encoder>> = {
  edge: await loadEncoder(edge, { threads }),
  edgeOneThread: await loadEncoder(edge),
  onnxruntimeInt8: await loadEncoder(path.join(ROOT, "scripts/bench/edge/onnx-encoder"), { threads }),
  ...(values.fp32 === undefined ? {} : { onnxruntimeFp32: await loadEncoder(values.fp32, { threads }) }),
};

const elapsed = new Map<string, number[]>(Object.keys(sides).map((side) => [side, []]));
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const [side, encoder] of Object.entries(sides)) {
    const milliseconds = await time(() => encodeAll(encoder));
    if (round > 0) {
      elapsed.get(side)?.push(milliseconds); // the first round warms up
    }
  }
}
const medians = new Map([...elapsed].map(([side, times]) => [side, median(times)]));
const ours = medians.get("edge") ?? Number.NaN;
const rows = [...medians].map(([side, milliseconds]) => ({
  side,
  passagesPerSecond: (1000 * passages.length) / milliseconds,
  edgeOverIt: ours / milliseconds,
}));
console.log(
  values.json
    ? JSON.stringify({ threads, passages: passages.length, rows })
    : `${passages.length} passages, ${threads} threads\n${formatTable(
        ["encoder", "passages/s", "time of edge over it"],
        rows.map((row) => [row.side, row.passagesPerSecond.toFixed(1), row.edgeOverIt.toFixed(2)]),
      )}`,
);

async function encodeAll(encoder: Encoder): Promise<void> {
  for (let start = 0; start < passages.length; start += PASSAGES_PER_CALL) {
    await encoder.encodePassages(passages.slice(start, start + PASSAGES_PER_CALL));
  }
}
