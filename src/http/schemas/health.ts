import { z } from "@hono/zod-openapi";

export const healthSchema = z
  .object({
    status: z.literal("ok"),
    mode: z.enum(["local", "production"]),
    authentication: z.enum(["open", "keys"]),
    default_model: z.string(),
    encoder: z.object({ name: z.string(), fingerprint: z.string(), dims: z.int(), dtype: z.string() }),
    query_encoders: z.array(z.string()).openapi({ description: "Names for `encoder`; the first is the default." }),
    query_adapters: z
      .array(z.string())
      .openapi({ description: "Adapters that came with the Worker; a collection may have more." }),
    default_collection: z.object({
      name: z.string(),
      exists: z.boolean(),
      passages: z.int().optional(),
      encoder_fingerprint: z.string().optional(),
    }),
    warnings: z.array(z.string()),
  })
  .openapi("Health");
