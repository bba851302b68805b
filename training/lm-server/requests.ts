import { z } from "zod";

const contentSchema = z.union([
  z.string(),
  z.null().transform(() => ""),
  z
    .array(z.looseObject({ type: z.literal("text"), text: z.string() }))
    .transform((parts) => parts.map(({ text }) => text).join("")),
]);

/** What both endpoints share. Fields that are not listed are ignored, as OpenAI-compatible servers do. */
const commonShape = {
  model: z.string().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z
    .union([z.string().transform((text) => [text]), z.array(z.string())])
    .nullish()
    .transform((texts) => (texts ?? []).filter((text) => text !== "")),
  n: z.literal(1, "this server writes one answer a request").nullish(),
};

/** Body of `POST /v1/chat/completions`. */
export const chatRequestSchema = z.looseObject({
  ...commonShape,
  messages: z
    .array(
      z.looseObject({
        role: z
          .enum(["system", "developer", "user", "assistant"])
          .transform((role) => (role === "developer" ? "system" : role)),
        content: contentSchema,
      }),
    )
    .min(1),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
});
export type ChatRequest = z.output<typeof chatRequestSchema>;

/** Body of `POST /v1/completions`. */
export const completionRequestSchema = z.looseObject({
  ...commonShape,
  prompt: z.union([z.string().min(1), z.tuple([z.string().min(1)]).transform(([prompt]) => prompt)]),
  max_tokens: z.int().min(0).nullish(),
  logprobs: z.int().min(0).max(20).nullish(),
  echo: z.boolean().nullish(),
});
export type CompletionRequest = z.output<typeof completionRequestSchema>;
