import { z } from "@hono/zod-openapi";

const comparisonSchema = z.strictObject({
  type: z.enum(["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]),
  key: z.string().min(1),
  value: z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()]))]),
});

export type FileSearchComparison = z.infer<typeof comparisonSchema>;

interface FileSearchCompound {
  readonly type: "and" | "or";
  readonly filters: readonly FileSearchFilter[];
}

export type FileSearchFilter = FileSearchComparison | FileSearchCompound;

/** OpenAI's compound filters nest without a limit; ours stop where Vectorize's 2 KB filter would long be full. */
const MAX_DEPTH = 8;

function filterSchema(depth: number): z.ZodType<FileSearchFilter> {
  if (depth === 0) {
    return comparisonSchema;
  }
  return z.union([
    comparisonSchema,
    z.strictObject({ type: z.enum(["and", "or"]), filters: z.array(filterSchema(depth - 1)).min(1) }),
  ]);
}

/** OpenAI's `file_search` tool as the Responses API types it. */
export const fileSearchToolSchema = z.strictObject({
  type: z.literal("file_search"),
  vector_store_ids: z.array(z.string().min(1).max(64)).length(1, "exactly one vector store can be searched"),
  filters: filterSchema(MAX_DEPTH).nullish(),
  max_num_results: z.int().min(1).optional(),
  ranking_options: z
    .strictObject({
      ranker: z.string().optional(),
      score_threshold: z.number().optional(),
      hybrid_search: z.strictObject({ embedding_weight: z.number().min(0), text_weight: z.number().min(0) }).optional(),
    })
    .optional(),
});

export type FileSearchTool = z.infer<typeof fileSearchToolSchema>;
