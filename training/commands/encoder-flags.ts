import { availableParallelism } from "node:os";
import { z } from "zod";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { adaptEncoder } from "../../src/encoder/query-adapter.ts";
import { DEFAULT_ENCODER } from "../encoder/default-encoder.ts";
import { loadEncoder } from "../encoder/load-encoder.ts";
import type { EncoderRuntime } from "../encoder/load-encoder.ts";
import { readQueryAdapter } from "../encoder/read-query-adapter.ts";

/** Flags of every command that embeds text. Those after `threads` are for folders without a manifest, or override it. */
export const encoderFlags = {
  encoder: z.string().optional().meta({
    placeholder: "dir",
    description: "encoder folder, with a manifest or bare; default: the committed encoder",
  }),
  threads: z.int().min(1).max(256).optional().meta({
    description:
      "threads of a forward pass; default: as many as the machine has cores; the edge engine runs as many passes side by side",
  }),
  batchTokens: z.int().min(16).optional().meta({
    description: "tokens of a batch, padding included; memory grows with it, vectors do not change; default 1024",
  }),
  runtime: z.enum(["node", "web"]).default("node").meta({
    placeholder: "name",
    description:
      "of an ONNX graph: node is fast; web is onnxruntime-web as in a Worker, to the last bit (evaluate and search: queries only). The edge engine is itself everywhere",
  }),
  maxLength: z.int().min(3).optional().meta({ description: "tokens of a passage; longer ones are cut" }),
  pooling: z
    .enum(["mean", "cls", "last_token"])
    .optional()
    .meta({ placeholder: "kind", description: "default mean, or the manifest's" }),
  graphOutput: z.string().optional().meta({
    placeholder: "name",
    description: "graph output that is the last hidden state; default: the only one of rank 3",
  }),
  queryPrefix: z.string().optional().meta({ placeholder: "text", description: "put before every query" }),
  passagePrefix: z.string().optional().meta({ placeholder: "text", description: "put before every passage" }),
} as const;

export type EncoderFlags = z.output<z.ZodObject<typeof encoderFlags>>;

/** Loads the encoder that the flags describe, with its adapter. Throws `invalid_artifact` when its folder is not one. */
export async function openEncoder(
  flags: EncoderFlags & { readonly adapter?: string | undefined },
  runtime: EncoderRuntime = flags.runtime,
): Promise<Encoder> {
  const encoder = await loadEncoder(flags.encoder ?? DEFAULT_ENCODER, {
    runtime,
    threads: flags.threads ?? availableParallelism(),
    ...(flags.batchTokens === undefined ? {} : { maxBatchTokens: flags.batchTokens }),
    maxPassageLength: flags.maxLength,
    pooling: flags.pooling,
    output: flags.graphOutput,
    queryPrefix: flags.queryPrefix,
    passagePrefix: flags.passagePrefix,
  });
  return flags.adapter === undefined ? encoder : adaptEncoder(encoder, await readQueryAdapter(flags.adapter));
}
