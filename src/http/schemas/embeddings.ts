import { z } from "@hono/zod-openapi";

/** Common clients send 512 to 1000 texts at once; OpenAI itself takes 2048. */
const MAX_INPUTS = 1024;

/**
 * Tokens of one request, of each text those that the encoder reads. A token costs half a millisecond or more of CPU, so these
 * are some ten seconds, within Workers' default of 30: 64 full passages, or 1000 short texts.
 */
export const MAX_EMBEDDING_TOKENS = 16_384;

const text = z.string().min(1, "must not be empty");

export const embeddingsRequestSchema = z
  .strictObject({
    model: z
      .string()
      .min(1)
      .optional()
      .openapi({ description: "The encoder's name; default: the one of the passages." }),
    input: z
      .union([text.transform((one) => [one]), z.array(text).min(1).max(MAX_INPUTS)], {
        error: ({ input }) => describeInput(input),
      })
      .openapi({
        description: `A text, or up to ${MAX_INPUTS} texts. Longer texts than the encoder reads are cut; what it reads of all is at most ${MAX_EMBEDDING_TOKENS} tokens.`,
      }),
    encoding_format: z.enum(["float", "base64"]).default("float"),
    dimensions: z.int().optional().openapi({ description: "Only the encoder's own number of dimensions." }),
    user: z.string().optional(),
    input_type: z.enum(["query", "passage"]).default("passage").openapi({
      description:
        "Ours: which of the encoder's two sides reads the text (prefix and length differ). Default `passage`.",
    }),
  })
  .openapi("EmbeddingsRequest");

export type EmbeddingsRequest = z.output<typeof embeddingsRequestSchema>;

/** OpenAI also takes token ids; ids of another tokenizer would silently mean other words here. */
function describeInput(input: unknown): string {
  const first: unknown = Array.isArray(input) ? input.flat()[0] : undefined;
  if (typeof first === "number") {
    return "token ids are not supported, because this encoder has its own tokenizer: send text";
  }
  return `must be a text that is not empty, or an array of 1 to ${MAX_INPUTS} of them`;
}

export const embeddingsResponseSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(
      z.object({
        object: z.literal("embedding"),
        index: z.int(),
        embedding: z.union([z.array(z.number()), z.string()]).openapi({
          description: "Numbers, or base64 of little-endian float32.",
        }),
      }),
    ),
    model: z.string(),
    usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
  })
  .openapi("EmbeddingsResponse");
