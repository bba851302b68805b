import { z } from "@hono/zod-openapi";
import { retrievalFieldSchema } from "./chat-completion.ts";
import { outcomeShape, passageSchema } from "./retrieval.ts";

const MAX_ITEMS = 4096;

const contentSchema = z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]);

/** What is in an item, its type says: each is checked by `toChatMessages` where it is read. */
const itemSchema = z.looseObject({
  type: z.string().nullish(),
  role: z.enum(["user", "assistant", "system", "developer"]).optional(),
});

export type ResponseItem = z.output<typeof itemSchema>;

const toolSchema = z.looseObject({ type: z.string() });

export type ResponseTool = z.output<typeof toolSchema>;

/** Fields that ask for what was kept of an earlier request. Nothing is kept here. */
const absent = (what: string) =>
  z
    .unknown()
    .refine((value) => value === undefined || value === null || value === false, what)
    .optional();

export const responsesRequestSchema = z
  .looseObject({
    model: z
      .string()
      .min(1)
      .optional()
      .openapi({ description: "A target LM of `/v1/models`; default: the configured one." }),
    input: z.union([z.string().min(1, "must not be empty"), z.array(itemSchema).min(1).max(MAX_ITEMS)]),
    instructions: z.string().nullish(),
    stream: z.boolean().nullish(),
    tools: z.array(toolSchema).nullish().openapi({
      description: "`file_search` with one vector store is ours; functions are passed on; others are refused.",
    }),
    tool_choice: z.union([z.string(), toolSchema]).nullish(),
    include: z.array(z.string()).nullish().openapi({ description: "`file_search_call.results` is understood." }),
    max_output_tokens: z.int().min(1).nullish(),
    temperature: z.number().nullish(),
    top_p: z.number().nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    metadata: z.record(z.string(), z.string()).nullish(),
    reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
    text: z
      .looseObject({ format: z.looseObject({ type: z.string() }).nullish(), verbosity: z.string().nullish() })
      .nullish(),
    store: z.boolean().nullish().openapi({ description: "Responses are never stored; the reply says `false`." }),
    previous_response_id: absent("responses are not stored here; send the conversation in `input`"),
    conversation: absent("conversations are not stored here; send the conversation in `input`"),
    prompt: absent("prompts are not stored here; send `instructions` and `input`"),
    background: absent("answers are not made in the background here; ask for a stream"),
    retrieval: retrievalFieldSchema,
  })
  .openapi("ResponsesRequest", {
    description: "OpenAI's request. Retrieval is on with a `file_search` tool, or with `retrieval`.",
  });

export type ResponsesRequest = z.output<typeof responsesRequestSchema>;

export const inputMessageSchema = z.looseObject({
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: contentSchema,
});

const annotationSchema = z.object({
  type: z.literal("file_citation"),
  file_id: z.string(),
  filename: z.string(),
  index: z.int().openapi({ description: "Where in the text, in UTF-16 code units: after what rests on the file." }),
  passage_id: z.string(),
  passage_number: z.int(),
});

export const responsesResponseSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal("response"),
    created_at: z.int(),
    status: z.enum(["completed", "incomplete"]),
    model: z.string().openapi({ description: "The model asked for." }),
    answered_by: z.string().optional().openapi({ description: "A fallback that answered instead of it." }),
    output: z.array(
      z.looseObject({
        type: z.enum(["file_search_call", "message", "function_call"]),
        id: z.string(),
        content: z
          .array(z.looseObject({ type: z.string(), annotations: z.array(annotationSchema).optional() }))
          .optional(),
      }),
    ),
    store: z.literal(false),
    usage: z.looseObject({}).nullable(),
    retrieval: z
      .object({
        ...outcomeShape,
        passages: z.array(passageSchema.extend({ number: z.int() })),
        context_tokens: z.int(),
      })
      .optional()
      .openapi({ description: "Absent when retrieval was off." }),
  })
  .openapi("ResponsesResponse");
