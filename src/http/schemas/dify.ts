import { z } from "@hono/zod-openapi";
import { collectionNameSchema, querySchema, topKSchema } from "./retrieval.ts";

/** Dify's operators. Those that Vectorize has no like for are refused with a message. */
const DIFY_OPERATORS = [
  "is",
  "is not",
  "in",
  "not in",
  "start with",
  "=",
  "≠",
  ">",
  "<",
  "≥",
  "≤",
  "before",
  "after",
  "contains",
  "not contains",
  "end with",
  "empty",
  "not empty",
] as const;

export type DifyOperator = (typeof DIFY_OPERATORS)[number];

const conditionSchema = z.object({
  name: z.string().min(1),
  comparison_operator: z.enum(DIFY_OPERATORS),
  value: z.union([z.string(), z.number(), z.array(z.string()).min(1)]).nullish(),
});

export type DifyCondition = z.output<typeof conditionSchema>;

const metadataConditionSchema = z.object({
  logical_operator: z.enum(["and", "or"]).nullish(),
  conditions: z.array(conditionSchema).nullish(),
});

export type DifyMetadataCondition = z.output<typeof metadataConditionSchema>;

/** Dify is what sends this, not who set it up: fields that it will have one day are let pass. */
export const difyRequestSchema = z
  .object({
    knowledge_id: collectionNameSchema.openapi({ description: "The collection: Dify's External Knowledge ID." }),
    query: querySchema,
    retrieval_setting: z.object({
      top_k: topKSchema,
      score_threshold: z.number().nullish().openapi({ description: "0: no threshold, which is what Dify sends then." }),
    }),
    metadata_condition: metadataConditionSchema.nullish(),
  })
  .openapi("DifyRetrievalRequest");

export const difyResponseSchema = z
  .object({
    records: z.array(
      z.object({
        content: z.string(),
        score: z.number(),
        title: z.string(),
        metadata: z.record(z.string(), z.unknown()).openapi({
          description: "The passage's, with `url`, `document_id` and `passage_id` where it has none of that name.",
        }),
      }),
    ),
  })
  .openapi("DifyRetrievalResponse");

export const difyErrorSchema = z
  .object({
    error_code: z.int().openapi({
      description:
        "1001: no bearer key; 1002: a key that does not open this; 2001: no such collection; else the status.",
    }),
    error_msg: z.string(),
  })
  .openapi("DifyError");
