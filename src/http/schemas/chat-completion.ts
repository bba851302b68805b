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

/** Far beyond any conversation; keeps a hostile body from making us build a million objects. */
const MAX_MESSAGES = 4096;

/** Only what retrieval reads is checked; images, tool calls and names travel on as they came. */
const messageSchema = z
  .looseObject({
    role: z.string().min(1),
    content: z
      .union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()])
      .optional()
      .openapi({ description: "Text, parts, or nothing beside tool calls." }),
  })
  .openapi("ChatMessage");

const retrievalOptionsSchema = z
  .strictObject({
    collection: collectionNameSchema.optional(),
    top_k: topKSchema.optional(),
    mode: modeSchema.optional(),
    filter: filterSchema.optional(),
    min_score: minScoreSchema.optional(),
    on_error: onErrorSchema.optional(),
    query: querySchema.optional().openapi({ description: "Searched instead of what the conversation suggests." }),
    rewrite: z.boolean().optional().openapi({ description: "Ask the target LM for a standalone question first." }),
    ...querySideShape,
  })
  .openapi("RetrievalOptions");

export type RetrievalOptions = z.output<typeof retrievalOptionsSchema>;

/** The one field that is ours in requests of other people's protocols. */
export const retrievalFieldSchema = z.union([z.boolean(), retrievalOptionsSchema]).nullish().openapi({
  description: "`false` switches retrieval off; an object sets it. Default: on, with the default collection.",
});

/** What that field asks for: false is off, undefined everything as it is by default. */
export function retrievalOf(field: z.output<typeof retrievalFieldSchema>): RetrievalOptions | false | undefined {
  return field === true || field === null ? undefined : field;
}

export const chatCompletionRequestSchema = z
  .looseObject({
    model: z
      .string()
      .min(1)
      .optional()
      .openapi({ description: "A target LM of `/v1/models`; default: the configured one." }),
    messages: z.array(messageSchema).min(1, "must not be empty").max(MAX_MESSAGES),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    tools: z
      .array(z.looseObject({ type: z.string() }))
      .nullish()
      .openapi({
        description: "`file_search` is ours: it sets retrieval as `retrieval` does. All others are passed on.",
      }),
    retrieval: retrievalFieldSchema,
  })
  .openapi("ChatCompletionRequest", {
    description: "OpenAI's request; every other parameter is passed to the target LM.",
  });

export type ChatCompletionRequest = z.output<typeof chatCompletionRequestSchema>;

const annotationSchema = z.object({
  type: z.literal("url_citation"),
  url_citation: z.object({
    start_index: z.int().openapi({ description: "In UTF-16 code units of the text." }),
    end_index: z.int().openapi({ description: "Exclusive." }),
    title: z.string(),
    url: z.string(),
  }),
  passage_number: z.int(),
  passage_id: z.string(),
});

export const chatCompletionResponseSchema = z
  .object({
    id: z.string(),
    object: z.literal("chat.completion"),
    created: z.int(),
    model: z.string().openapi({ description: "The model asked for." }),
    answered_by: z.string().optional().openapi({
      description: "The target LM that answered instead of `model`, one of its fallbacks; absent when `model` did.",
    }),
    choices: z.array(
      z.looseObject({
        index: z.int(),
        message: z.looseObject({
          role: z.string(),
          content: z.string().nullable(),
          annotations: z.array(annotationSchema).optional(),
        }),
        finish_reason: z.string().nullable(),
      }),
    ),
    usage: z.looseObject({}).optional(),
    retrieval: z
      .object({
        ...outcomeShape,
        passages: z.array(passageSchema.extend({ number: z.int() })),
        context_tokens: z.int(),
      })
      .optional()
      .openapi({ description: "Absent when retrieval was off." }),
    citations: z
      .array(z.string())
      .optional()
      .openapi({ description: "URLs of the passages, or their ids; `[n]` is the n-th." }),
  })
  .openapi("ChatCompletionResponse");
