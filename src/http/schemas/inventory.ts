import { z } from "@hono/zod-openapi";

const count = z.int();

export const inventorySchema = z
  .object({
    object: z.literal("inventory"),
    mode: z.enum(["local", "production"]),
    encoder: z.object({ name: z.string(), fingerprint: z.string(), dims: z.int() }),
    vector_index: z.object({ vectors: count, dimensions: z.int() }),
    database: z.object({ bytes: count.nullable().openapi({ description: "Null: the platform did not say." }) }),
    collections: count,
    passages: count.openapi({ description: "That searches find; each has a vector." }),
    unsettled_passages: count.openapi({ description: "Whose vectors are being written or deleted: there or not." }),
    versions: z
      .object({
        splitting: count,
        encoding: count,
        publishing: count,
        live: count,
        failed: count,
        retired: count,
      })
      .openapi({ description: "Of ingested documents." }),
  })
  .openapi("Inventory");
