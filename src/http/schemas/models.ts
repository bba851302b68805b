import { z } from "@hono/zod-openapi";

export const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal("model"),
    created: z.int(),
    owned_by: z.string().openapi({ description: "Provider of a target LM, or `encoder`." }),
  })
  .openapi("Model");

export const modelListSchema = z.object({ object: z.literal("list"), data: z.array(modelSchema) }).openapi("ModelList");
