import path from "node:path";
import { createProgress } from "../../training/progress.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { EXPERIMENTS } from "./training-runs/experiments.ts";
import { report, toRecord, writeRecord } from "./training-runs/report.ts";
import { runExperiment } from "./training-runs/run-experiment.ts";
import type { Workshop } from "./training-runs/workshop.ts";

/**
 * Trains MiniLM-L6 on human judgments in each mode and measures what it gained on test questions, beside what PyTorch gains from
 * the same weights, files and settings (`scripts/torch-peer/train.py`, when that Python has torch, transformers and onnx):
 *
 *     node scripts/experiments/training-runs.ts --data DIR --encoder DIR [--python python3] [--only NAME] [--work DIR]
 *
 * `--data` has the folders wiki_all and bioasq_7b_11b (BEIR layout), `--encoder` the fp32 ONNX encoder. Everything it makes is
 * kept in `--work` (default .aar/training-runs) and reused. Prints a table; writes results and curves to docs/training-runs.
 */
async function main(): Promise<void> {
  const { values } = parseScriptFlags({
    options: {
      data: { type: "string" },
      encoder: { type: "string" },
      python: { type: "string", default: "python3" },
      only: { type: "string", multiple: true },
      work: { type: "string", default: ".aar/training-runs" },
      threads: { type: "string", default: "2" },
      docs: { type: "string", default: "docs/training-runs" },
    },
  });
  if (values.data === undefined || values.encoder === undefined) {
    throw new Error("usage: node scripts/experiments/training-runs.ts --data DIR --encoder DIR [--only NAME]");
  }
  const { work, docs, python } = values;
  const workshop: Workshop = {
    data: values.data,
    encoderFolder: values.encoder,
    work,
    cache: path.join(work, "cache"),
    threads: Number(values.threads),
    log: (text) => {
      process.stderr.write(`${text}\n`);
    },
    progress: (options) => createProgress({ ...options, stream: process.stderr }),
    signal: new AbortController().signal,
  };
  for (const [name, experiment] of Object.entries(EXPERIMENTS)) {
    if (values.only === undefined || values.only.includes(name)) {
      const result = await runExperiment(name, experiment, { python, workshop });
      await writeRecord(docs, await toRecord({ name, experiment, result }));
    }
  }
  await report(docs);
}

await main();
