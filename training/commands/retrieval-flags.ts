import { z } from "zod";
import { DEFAULT_FUSION } from "../../src/retrieval/fusion.ts";
import { RETRIEVAL_MODES } from "../../src/retrieval/types.ts";
import { formatFusion } from "../indexing/fusion-setting.ts";
import { encoderFlags } from "./encoder-flags.ts";

/** Flags of the commands that search a corpus. */
export const retrievalFlags = {
  mode: z.enum(RETRIEVAL_MODES).default("hybrid").meta({ placeholder: "mode" }),
  topK: z.int().min(1).max(1000).default(100).meta({ description: "passages kept for each query" }),
  fusion: z.string().default(formatFusion(DEFAULT_FUSION)).meta({
    placeholder: "how",
    description: "joins the legs of hybrid: rrf:K, convex:WEIGHT:min-max|theoretical[:ADAPT], or a file of fit-fusion",
  }),
  vectors: z
    .string()
    .optional()
    .meta({ placeholder: "dir", description: "search these vectors of `encode` instead of encoding the corpus" }),
  cache: z
    .string()
    .default(".aar/cache")
    .meta({ placeholder: "dir", description: "encodings and text indexes, by content hash" }),
  adapter: z
    .string()
    .optional()
    .meta({ placeholder: "file", description: "query adapter of `train`, put after the encoder's query embeddings" }),
  ...encoderFlags,
} as const;

/** What hybrid retrieval in the Worker takes from each leg, whatever number is asked for; a longer run needs more. */
export const LEG_DEPTH = 100;
