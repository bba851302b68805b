import { availableParallelism } from "node:os";
import { z } from "zod";
import { defineCommand } from "../define-command.ts";
import { estimateRun } from "../trainer/estimate-run.ts";
import { train } from "../trainer/train.ts";
import {
  describeDefaults,
  readTrainingFile,
  resolveTrainingOptions,
  trainingFields,
} from "../trainer/training-options.ts";
import { corpusFile } from "./corpus-flag.ts";

/** `aar train`: see the description below. */
export const trainCommand = defineCommand({
  summary: "train.jsonl -> a query adapter or an encoder, resumable",
  description: `Modes: query-adapter learns a small map on frozen query embeddings, in seconds; query-encoder trains the whole encoder
for queries; neither touches the passage vectors, so an index stays valid. both trains queries and passages, as the paper
does: encode and index anew afterwards. distill makes a smaller query encoder for the vectors of --encoder: some of its layers,
trained on --texts or a --corpus to embed as all of them do; it is measured on --dev questions over --vectors, or by its likeness to
the teacher on texts held out. query-encoder then trains the result on questions (--encoder <output>/encoder).

A run killed at any moment goes on where it was and ends with the same bits. metrics.jsonl has a line a step; the weights of the
best dev measurement are exported to --output: adapter.safetensors, or the folder encoder/, which goes into encode,
evaluate and quantize. Every flag but --config, --dry-run, --overwrite and --cache can stand in the configuration file,
in camel case; a flag beats the file.

${describeDefaults()}`,
  examples: [
    "train --mode query-adapter --train train.jsonl --dev dev.jsonl --vectors .aar/my-docs --output .aar/adapter",
    "train --mode query-encoder --train train.jsonl --dev dev.jsonl --vectors .aar/fp32 --encoder ../models/minilm --output .aar/trained",
    "train --mode distill --encoder ../models/minilm --layers 0,2,5 --texts corpus.jsonl --output .aar/small",
    "train --config train.json --learning-rate 1e-4 --dry-run",
  ],
  options: z.strictObject({
    config: z.string().optional().meta({ placeholder: "file", description: 'JSON: {"schemaVersion": 1, "mode": …}' }),
    dryRun: z
      .boolean()
      .default(false)
      .describe("print the plan with memory and time, measured on two steps; train nothing"),
    overwrite: z.boolean().default(false).describe("replace the checkpoints of another run in --output"),
    cache: z.string().default(".aar/cache").meta({ placeholder: "dir", description: "encodings, by content hash" }),
    ...trainingFields,
  }),
  async run({ config, dryRun, overwrite, cache, ...flags }, { print, log, progress, signal }) {
    const given = resolveTrainingOptions(flags, config === undefined ? {} : await readTrainingFile(config));
    const options = given.corpus === undefined ? given : { ...given, corpus: corpusFile(given.corpus) };
    const threads = options.threads ?? availableParallelism();
    const context = { options, threads, cache, overwrite, log, progress, signal };
    const outcome = dryRun ? { options, ...(await estimateRun(context)) } : await train(context);
    print(JSON.stringify(outcome, undefined, 2));
  },
});
