import { z } from "@hono/zod-openapi";

/** OpenAI's purposes; ours is `assistants` or `user_data`, the others mean nothing here. */
const PURPOSES = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"] as const;

export const fileParamsSchema = z.object({ file_id: z.string().min(1).max(128) });

export const filePurposeSchema = z.enum(PURPOSES);

export const listFilesQuerySchema = z.object({
  limit: z.coerce.number().pipe(z.int().min(1).max(10_000)).default(100),
  after: z.string().max(128).optional(),
  order: z.enum(["asc", "desc"]).default("desc"),
  purpose: z.string().max(64).optional(),
});

export const fileSchema = z
  .object({
    id: z.string(),
    object: z.literal("file"),
    bytes: z.int(),
    created_at: z.int(),
    filename: z.string(),
    purpose: z.string(),
    status: z.literal("processed"),
  })
  .openapi("File");

export const fileListSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(fileSchema),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .openapi("FileList");

export const fileDeletedSchema = z
  .object({ id: z.string(), object: z.literal("file"), deleted: z.literal(true) })
  .openapi("FileDeleted");
