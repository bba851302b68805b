import type { z } from "@hono/zod-openapi";
import type { HttpContext } from "./http-context.ts";
import { invalidRequest } from "./read-json.ts";

/** Reads and validates what stands behind the `?`. Throws `invalid_request` with the parameter's name. */
export function readQuery<Schema extends z.ZodType>(c: HttpContext, schema: Schema): z.output<Schema> {
  return checked(schema, c.req.query());
}

/** Reads and validates the parameters of a path, decoded. Throws `invalid_request` with the parameter's name. */
export function readParams<Schema extends z.ZodType>(c: HttpContext, schema: Schema): z.output<Schema> {
  return checked(schema, c.req.param());
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw invalidRequest(parsed.error);
  }
  return parsed.data;
}
