import { z } from "@hono/zod-openapi";
import { USAGE_GROUPS } from "../../usage/usage-store.ts";

const daySchema = z.iso.date().openapi({ example: "2026-11-26" });

export const usageQuerySchema = z.object({
  group_by: z
    .string()
    .default("day")
    .transform((list) => list.split(",").filter((name) => name !== ""))
    .pipe(
      z
        .array(z.enum(USAGE_GROUPS))
        .max(USAGE_GROUPS.length)
        .refine((groups) => new Set(groups).size === groups.length, "names one twice"),
    )
    .openapi({ type: "string", description: `Comma-separated, of ${USAGE_GROUPS.join(", ")}. Empty: one sum.` }),
  from: daySchema.optional(),
  to: daySchema.optional(),
  key: z
    .string()
    .max(64)
    .optional()
    .openapi({ description: "Id of a key. Default: your own; with the scope admin: all." }),
  tenant: z.string().max(64).optional(),
  model: z.string().max(256).optional(),
  format: z.enum(["json", "csv"]).default("json"),
});

const count = z.int();

export const usageSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(
      z.object({
        object: z.literal("usage"),
        tenant: z.string().optional(),
        key: z.string().optional(),
        day: z.string().optional(),
        model: z.string().optional().openapi({ description: "As the client named it; empty: no target LM was asked." }),
        requests: count,
        completed: count,
        failed: count,
        refused: count,
        aborted: count,
        lost: count,
        retrievals: count,
        embed_tokens: count,
        vectors_queried: count,
        context_tokens: count,
        prompt_tokens: count,
        completion_tokens: count,
        cost_usd: z.number(),
      }),
    ),
  })
  .openapi("Usage");
