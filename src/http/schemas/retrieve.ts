import { z } from "@hono/zod-openapi";
import {
  collectionNameSchema,
  filterSchema,
  minScoreSchema,
  modeSchema,
  onErrorSchema,
  outcomeShape,
  passageSchema,
  querySchema,
  querySideShape,
  topKSchema,
} from "./retrieval.ts";

export const retrieveRequestSchema = z
  .strictObject({
    query: querySchema,
    collection: collectionNameSchema.optional(),
    top_k: topKSchema.default(10),
    mode: modeSchema.default("hybrid"),
    filter: filterSchema.optional(),
    min_score: minScoreSchema.optional(),
    on_error: onErrorSchema.default("degrade"),
    ...querySideShape,
    model: z.string().min(1).max(256).optional().openapi({
      description: "Target LM that the passages are for: the collection may have a query adapter for it.",
    }),
  })
  .openapi("RetrieveRequest");

export const retrieveResponseSchema = z
  .object({ object: z.literal("retrieval"), ...outcomeShape, data: z.array(passageSchema) })
  .openapi("RetrieveResponse");
