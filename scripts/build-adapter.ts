/**
 * `npm run build:adapter`: makes the example adapter of the demo again from the committed labels, in seconds and without an
 * LM, and measures it on the questions that it never saw. Needed after a change of the encoder, the demo's passages or the
 * recipe; then `npm run aar -- reproduce --write --models factbook-example`. How the labels were made: MODEL_CARD.md beside
 * the adapter.
 */
import { copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { adaptCommand } from "../training/commands/adapt.ts";
import { evaluateCommand } from "../training/commands/evaluate.ts";
import type { CommandContext } from "../training/define-command.ts";
import { createProgress } from "../training/progress.ts";
import { DEMO_FOLDER, DEMO_VECTORS, findDemoDrift, writeDemoCorpus } from "./demo-corpus/demo-data.ts";
import { EXAMPLE_ADAPTER, EXPERIMENT, QUESTIONS_FOLDER, WORK_FOLDER } from "./example-adapter/paths.ts";
import { writeDemoQuestions } from "./example-adapter/write-questions.ts";

const context: CommandContext = {
  print: (text) => console.log(text),
  log: (text) => console.error(text),
  progress: (options) => createProgress({ ...options, stream: process.stderr }),
  env: process.env,
  signal: new AbortController().signal,
};

const corpus = await writeDemoCorpus(DEMO_FOLDER);
const drift = await findDemoDrift(corpus.sha256);
if (drift !== undefined) {
  throw new Error(`${drift}; run npm run build:demo first`);
}
await writeDemoQuestions(corpus.file, QUESTIONS_FOLDER);
await adaptCommand.execute({ experiment: EXPERIMENT, work: WORK_FOLDER }, context);
await mkdir(path.dirname(EXAMPLE_ADAPTER), { recursive: true });
await copyFile(path.join(WORK_FOLDER, "trained/lm-query-adapter/adapter.safetensors"), EXAMPLE_ADAPTER);
for (const split of ["test-seen", "test-unseen"]) {
  const hybrid = { data: QUESTIONS_FOLDER, split, mode: "hybrid", vectors: DEMO_VECTORS, measures: ["nDCG@10"] };
  const base = path.relative("", path.join(WORK_FOLDER, "hybrid", `${split}.jsonl`));
  context.print(`\n${split}, hybrid: base, and the adapter against it`);
  await evaluateCommand.execute({ ...hybrid, perQuery: base }, context);
  await evaluateCommand.execute({ ...hybrid, adapter: EXAMPLE_ADAPTER, compare: [base] }, context);
}
