import { z } from "@hono/zod-openapi";
import { collectionParamsSchema, collectionSchema, fusionSchema } from "./collections.ts";
import { pageQuerySchema } from "./documents.ts";

/** OpenAI's limits on the metadata of a vector store. */
const MAX_LABELS = 16;

export const displayNameSchema = z.string().max(256);

export const labelsSchema = z
  .record(z.string().max(64), z.string().max(512))
  .refine((labels) => Object.keys(labels).length <= MAX_LABELS, `has more than ${MAX_LABELS} keys`);

/** A collection whose passages this Worker encodes itself. */
export const ownCollectionRequestSchema = z
  .strictObject({
    name: collectionParamsSchema.shape.name,
    display_name: displayNameSchema.optional(),
    metadata: labelsSchema.optional(),
    fusion: fusionSchema
      .optional()
      .openapi({ description: "How hybrid joins its legs. Default: convex, weight 0.75, adapt 1." }),
  })
  .openapi("OwnCollectionRequest");

export const ownCollectionSchema = collectionSchema
  .extend({
    display_name: z.string(),
    metadata: z.record(z.string(), z.string()),
    created_at: z.int(),
    document_counts: z.object({ in_progress: z.int(), completed: z.int(), failed: z.int(), cancelled: z.int() }),
  })
  .openapi("OwnCollection");

export const ownCollectionListSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(ownCollectionSchema),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .openapi("OwnCollectionList");

export const collectionPageQuerySchema = pageQuerySchema.omit({ order: true });
