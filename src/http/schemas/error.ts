import { z } from "@hono/zod-openapi";
import { SYSTEM_ERROR_CODES, USER_ERROR_CODES } from "../../shared/errors.ts";

/** OpenAI's error body; `code` is one of ours. */
export const errorSchema = z
  .object({
    error: z.object({
      message: z.string().openapi({ description: "What failed, what was expected, what to do." }),
      type: z.string(),
      param: z.string().nullable().openapi({ description: "Path of the field at fault." }),
      code: z.enum([...USER_ERROR_CODES, ...SYSTEM_ERROR_CODES]),
    }),
  })
  .openapi("Error");
