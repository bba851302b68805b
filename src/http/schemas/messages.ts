import { z } from "@hono/zod-openapi";
import { retrievalFieldSchema } from "./chat-completion.ts";
import { outcomeShape, passageSchema } from "./retrieval.ts";

const MAX_MESSAGES = 4096;

/** What is in a block, its type says: each is checked by `toParts` where it is read. */
const blockSchema = z.looseObject({ type: z.string() });

const contentSchema = z.union([z.string(), z.array(blockSchema)]);

export type MessageBlock = z.output<typeof blockSchema>;

const toolSchema = z.looseObject({ name: z.string().min(1), type: z.string().nullish() });

export type MessagesTool = z.output<typeof toolSchema>;

const messageParamSchema = z
  .object({ role: z.enum(["user", "assistant", "system"]), content: contentSchema })
  .openapi("MessageParam");

export const messagesRequestSchema = z
  .looseObject({
    model: z
      .string()
      .min(1)
      .optional()
      .openapi({ description: "A target LM of `/v1/models`, of any provider; default: the configured one." }),
    messages: z.array(messageParamSchema).min(1, "must not be empty").max(MAX_MESSAGES),
    max_tokens: z.int().min(1).optional().openapi({ description: "Default: the target LM's." }),
    system: contentSchema.nullish(),
    stream: z.boolean().nullish(),
    stop_sequences: z.array(z.string()).nullish(),
    tools: z.array(toolSchema).nullish(),
    tool_choice: z.looseObject({ type: z.string() }).nullish(),
    metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
    retrieval: retrievalFieldSchema,
  })
  .openapi("MessagesRequest", {
    description: "Anthropic's request. `search_result` blocks are cited, whatever the target LM.",
  });

export type MessagesRequest = z.output<typeof messagesRequestSchema>;

const citationSchema = z.object({
  type: z.literal("search_result_location"),
  cited_text: z.string(),
  source: z.string(),
  title: z.string().nullable(),
  search_result_index: z.int().openapi({
    description: "Counts the request's own `search_result` blocks first, then `retrieval.passages`.",
  }),
  start_block_index: z.int(),
  end_block_index: z.int(),
});

export const messagesResponseSchema = z
  .object({
    id: z.string(),
    type: z.literal("message"),
    role: z.literal("assistant"),
    model: z.string().openapi({ description: "The model asked for." }),
    answered_by: z.string().optional().openapi({ description: "A fallback that answered instead of it." }),
    content: z.array(z.looseObject({ type: z.string(), citations: z.array(citationSchema).nullish() })),
    stop_reason: z.enum(["end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal"]),
    stop_sequence: z.string().nullable(),
    usage: z.object({
      input_tokens: z.int(),
      output_tokens: z.int(),
      cache_read_input_tokens: z.int(),
      cache_creation_input_tokens: z.int(),
    }),
    retrieval: z
      .object({
        ...outcomeShape,
        passages: z.array(passageSchema.extend({ number: z.int() })),
        context_tokens: z.int(),
      })
      .optional()
      .openapi({ description: "Absent when retrieval was off." }),
  })
  .openapi("MessagesResponse");

export const anthropicErrorSchema = z
  .object({
    type: z.literal("error"),
    error: z.object({
      type: z.string(),
      message: z.string(),
      details: z.object({
        error_code: z.string().openapi({ description: "One of ours, as in OpenAI's shape." }),
        param: z.string().nullable(),
      }),
    }),
    request_id: z.string(),
  })
  .openapi("AnthropicError");
