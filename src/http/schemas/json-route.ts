import type { RouteConfig, z } from "@hono/zod-openapi";
import { errorSchema } from "./error.ts";

interface JsonRouteOptions<Path extends string> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** In OpenAPI's form, `{name}`. */
  readonly path: Path;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  /** What may stand behind the `?`. */
  readonly query?: z.ZodObject;
  readonly request?: z.ZodType;
  /** Default `application/json`. */
  readonly requestMediaType?: "application/json" | "multipart/form-data";
  readonly response: z.ZodType;
  /** Whether work may go on after the reply, which then is a 202 of the same form. Default false. */
  readonly isAccepted?: boolean;
  /** Other media types of the 200 reply. */
  readonly alternatives?: Readonly<Record<string, { readonly schema: z.ZodType }>>;
  /** Of an error. Default: OpenAI's. */
  readonly error?: z.ZodType;
  /** Whether a bearer key is wanted (where keys are configured). Default true. */
  readonly secured?: boolean;
}

/** The OpenAPI entry of a route that speaks JSON. */
export function jsonRoute<const Path extends string>(
  options: JsonRouteOptions<Path>,
): Omit<RouteConfig, "path"> & { readonly path: Path } {
  const {
    method,
    path,
    summary,
    description,
    params,
    query,
    request,
    requestMediaType = "application/json",
    response,
    isAccepted = false,
    alternatives,
    error: errorShape = errorSchema,
    secured = true,
  } = options;
  const error = { "application/json": { schema: errorShape } };
  return {
    method,
    path,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(secured ? { security: [{ bearer: [] }] } : {}),
    request: {
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { query }),
      ...(request === undefined
        ? {}
        : { body: { required: true, content: { [requestMediaType]: { schema: request } } } }),
    },
    responses: {
      200: { description: "Done", content: { "application/json": { schema: response }, ...alternatives } },
      ...(isAccepted ? { 202: { description: "Begun", content: { "application/json": { schema: response } } } } : {}),
      "4XX": { description: "The request cannot be served; the error says why", content: error },
      "5XX": { description: "We or the target LM failed", content: error },
    },
  };
}
