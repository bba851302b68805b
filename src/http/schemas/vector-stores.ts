import { z } from "@hono/zod-openapi";
import { collectionParamsSchema } from "./collections.ts";
import { pageQuerySchema } from "./documents.ts";
import { fileSearchToolSchema } from "./file-search.ts";
import { displayNameSchema, labelsSchema } from "./own-collections.ts";
import { querySchema } from "./retrieval.ts";

/** OpenAI's limits. */
const MAX_ATTRIBUTES = 16;
const MAX_FILES_AT_ONCE = 500;
const MAX_RESULTS = 50;

const fileIdSchema = z.string().min(1).max(128);

export const vectorStoreParamsSchema = z.object({ vector_store_id: collectionParamsSchema.shape.name });
export const vectorStoreFileParamsSchema = vectorStoreParamsSchema.extend({ file_id: z.string().min(1).max(1024) });
export const fileBatchParamsSchema = vectorStoreParamsSchema.extend({ batch_id: z.string().min(1).max(128) });

const chunkingStrategySchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("auto") }),
  z.strictObject({
    type: z.literal("static"),
    static: z.strictObject({
      max_chunk_size_tokens: z.int().min(100).max(4096),
      chunk_overlap_tokens: z.int().min(0).max(2048),
    }),
  }),
]);

export type ChunkingStrategy = z.output<typeof chunkingStrategySchema>;

const attributesSchema = z
  .record(z.string().min(1).max(64), z.union([z.string().max(512), z.number(), z.boolean()]))
  .refine((attributes) => Object.keys(attributes).length <= MAX_ATTRIBUTES, `has more than ${MAX_ATTRIBUTES} keys`)
  .refine(
    (attributes) => !Object.keys(attributes).some((key) => /^\$|[."]/.test(key)),
    'a key begins with $ or has . or "',
  );

const expirySchema = z
  .unknown()
  .refine(
    (value) => value === undefined || value === null,
    "vector stores do not expire here; delete it when it is not needed",
  );

export const vectorStoreRequestSchema = z
  .strictObject({
    name: displayNameSchema.nullish(),
    description: z.string().max(512).nullish(),
    metadata: labelsSchema.nullish(),
    file_ids: z.array(fileIdSchema).max(MAX_FILES_AT_ONCE).optional(),
    chunking_strategy: chunkingStrategySchema.nullish(),
    expires_after: expirySchema.optional(),
  })
  .openapi("VectorStoreRequest");

export const vectorStoreUpdateSchema = z
  .strictObject({
    name: displayNameSchema.nullish(),
    metadata: labelsSchema.nullish(),
    expires_after: expirySchema.optional(),
  })
  .openapi("VectorStoreUpdate");

const fileCountsSchema = z.object({
  in_progress: z.int(),
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  total: z.int(),
});

export const vectorStoreSchema = z
  .object({
    id: z.string(),
    object: z.literal("vector_store"),
    created_at: z.int(),
    name: z.string(),
    usage_bytes: z.int(),
    file_counts: fileCountsSchema,
    status: z.enum(["in_progress", "completed"]),
    expires_after: z.null(),
    expires_at: z.null(),
    last_active_at: z.int(),
    metadata: z.record(z.string(), z.string()),
  })
  .openapi("VectorStore");

export const attachFileSchema = z
  .strictObject({
    file_id: fileIdSchema,
    attributes: attributesSchema.nullish(),
    chunking_strategy: chunkingStrategySchema.nullish(),
  })
  .openapi("AttachFileRequest");

export type AttachFile = z.output<typeof attachFileSchema>;

export const fileBatchRequestSchema = z
  .strictObject({
    file_ids: z.array(fileIdSchema).max(MAX_FILES_AT_ONCE).optional(),
    files: z.array(attachFileSchema).max(MAX_FILES_AT_ONCE).optional(),
    attributes: attributesSchema.nullish(),
    chunking_strategy: chunkingStrategySchema.nullish(),
  })
  .refine(
    ({ file_ids: ids, files }) => (ids?.length ?? 0) + (files?.length ?? 0) > 0,
    "file_ids or files: at least one",
  )
  .openapi("FileBatchRequest");

export const vectorStoreFileSchema = z
  .object({
    id: z.string(),
    object: z.literal("vector_store.file"),
    created_at: z.int(),
    vector_store_id: z.string(),
    status: z.enum(["in_progress", "completed", "failed", "cancelled"]),
    last_error: z
      .object({ code: z.enum(["server_error", "unsupported_file", "invalid_file"]), message: z.string() })
      .nullable(),
    usage_bytes: z.int(),
    attributes: z.record(z.string(), z.unknown()),
    chunking_strategy: z.object({
      type: z.literal("static"),
      static: z.object({ max_chunk_size_tokens: z.int(), chunk_overlap_tokens: z.int() }),
    }),
  })
  .openapi("VectorStoreFile");

export const fileBatchSchema = z
  .object({
    id: z.string(),
    object: z.literal("vector_store.files_batch"),
    created_at: z.int(),
    vector_store_id: z.string(),
    status: z.enum(["in_progress", "completed", "failed", "cancelled"]),
    file_counts: fileCountsSchema,
  })
  .openapi("FileBatch");

export const listVectorStoreFilesQuerySchema = pageQuerySchema.extend({
  filter: z.enum(["in_progress", "completed", "failed", "cancelled"]).optional(),
});

const tool = fileSearchToolSchema.shape;

export const vectorStoreSearchSchema = z
  .strictObject({
    query: z.union([querySchema, z.array(querySchema).min(1).max(5)]),
    filters: tool.filters,
    max_num_results: z.int().min(1).max(MAX_RESULTS).default(10),
    ranking_options: tool.ranking_options,
    rewrite_query: z.boolean().optional().openapi({ description: "Accepted; questions are searched as they are." }),
  })
  .openapi("VectorStoreSearchRequest");

export const vectorStoreSearchResponseSchema = z
  .object({
    object: z.literal("vector_store.search_results.page"),
    search_query: z.array(z.string()),
    data: z.array(
      z.object({
        file_id: z.string(),
        filename: z.string(),
        score: z.number(),
        attributes: z.record(z.string(), z.unknown()),
        content: z.array(z.object({ type: z.literal("text"), text: z.string() })),
      }),
    ),
    has_more: z.literal(false),
    next_page: z.null(),
  })
  .openapi("VectorStoreSearchResponse");

export const deletedSchema = z
  .object({ id: z.string(), object: z.string(), deleted: z.literal(true) })
  .openapi("Deleted");

export const vectorStoreListSchema = listOf(vectorStoreSchema).openapi("VectorStoreList");
export const vectorStoreFileListSchema = listOf(vectorStoreFileSchema).openapi("VectorStoreFileList");

function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    object: z.literal("list"),
    data: z.array(item),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}
