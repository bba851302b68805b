import { z } from "zod";
import { VECTOR_DTYPES } from "../artifacts/vector-codec.ts";
import { defineCommand } from "../define-command.ts";
import { encodeCorpus } from "../indexing/encode-corpus.ts";
import { corpusFile, corpusFlag } from "./corpus-flag.ts";
import { encoderFlags, openEncoder } from "./encoder-flags.ts";

/** `aar encode`: see the description below and `encodeCorpus`. */
export const encodeCommand = defineCommand({
  summary: "corpus.jsonl -> passage vectors, in shards, resumable",
  description: `Writes vectors.f32 (row-major little-endian float32) or vectors.int8 (for each vector one float32 scale, then one signed
byte a dimension: value = scale x byte), ids.txt (one id a line, same order) and vectors.meta.json. Killed at any moment,
the same command goes on where it was and ends with the same bytes. Prints what was written as JSON.`,
  examples: [
    "encode --corpus my-docs/corpus.jsonl --output .aar/my-docs",
    "encode --corpus my-docs --output .aar/fp32 --encoder ../my-encoder --pooling cls --max-length 512",
  ],
  options: z.strictObject({
    corpus: corpusFlag,
    output: z.string().meta({ placeholder: "dir", description: "folder for the vectors" }),
    dtype: z.enum(VECTOR_DTYPES).default("float32").meta({ placeholder: "type" }),
    shardSize: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(256)
      .meta({ description: "passages of a shard, the unit of resuming" }),
    reuse: z.string().optional().meta({
      placeholder: "dir",
      description: "finished vectors: taken over when they are of the same passages by the same encoder",
    }),
    overwrite: z.boolean().default(false).describe("replace vectors of another corpus or encoder in --output"),
    ...encoderFlags,
  }),
  async run(options, { print, log, progress, signal }) {
    const encoder = await openEncoder(options);
    const { output, dtype, shardSize, overwrite, reuse } = options;
    const { facts, reused } = await encodeCorpus({
      corpus: corpusFile(options.corpus),
      output,
      encoder,
      runtime: options.runtime,
      dtype,
      shardSize,
      overwrite,
      reuse,
      recordedOptions: options,
      warn: log,
      progress,
      signal,
    });
    print(JSON.stringify({ output, reused, ...facts }, undefined, 2));
  },
});
