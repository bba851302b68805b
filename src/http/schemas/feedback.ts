import { z } from "@hono/zod-openapi";
import { PASSAGE_LIMITS } from "../../ingestion/passage-limits.ts";
import { collectionParamsSchema } from "./collections.ts";
import { collectionNameSchema, querySchema } from "./retrieval.ts";

/** More than an answer's passages. */
const MAX_PASSAGES = 100;

/** Far more than an answer. */
const MAX_ANSWER_CHARACTERS = 32_768;

export const feedbackRequestSchema = z
  .strictObject({
    collection: collectionNameSchema.optional(),
    query: querySchema,
    request_id: z
      .string()
      .max(128)
      .optional()
      .openapi({ description: "`x-request-id` of the reply that it is about." }),
    model: z.string().min(1).max(256).optional().openapi({ description: "The target LM that answered." }),
    passages: z
      .array(
        z.strictObject({
          id: z.string().min(1).max(PASSAGE_LIMITS.id),
          grade: z.int().min(0).max(3).optional().openapi({ description: "0: not relevant; higher is better." }),
          cited: z.boolean().optional(),
        }),
      )
      .max(MAX_PASSAGES)
      .default([]),
    answer: z
      .strictObject({
        rating: z.enum(["up", "down"]).optional(),
        text: z.string().max(MAX_ANSWER_CHARACTERS).optional().openapi({
          description: "The answer as it was given, or as it should have been.",
        }),
      })
      .default({}),
  })
  .refine(
    ({ passages, answer }) => passages.length > 0 || Object.keys(answer).length > 0,
    "says nothing: give passages, an answer, or both",
  )
  .openapi("FeedbackRequest");

export const feedbackResponseSchema = z
  .object({ object: z.literal("feedback"), id: z.int(), collection: z.string() })
  .openapi("FeedbackResponse");

export const feedbackListParamsSchema = collectionParamsSchema;

export const feedbackPageSchema = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export const feedbackListSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(
      z.object({
        id: z.int(),
        created_at: z.int(),
        query: z.string(),
        request_id: z.string().nullable(),
        model: z.string().nullable(),
        passages: z.array(z.object({ id: z.string(), grade: z.int().optional(), cited: z.boolean().optional() })),
        answer: z.object({ rating: z.enum(["up", "down"]).optional(), text: z.string().optional() }),
      }),
    ),
  })
  .openapi("FeedbackList");
