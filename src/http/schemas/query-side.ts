import { z } from "@hono/zod-openapi";
import { MAX_ADAPTER_BYTES } from "../../query-side/put-adapter.ts";
import { QUERY_SIDE_NAME } from "../../query-side/query-side-configuration.ts";
import { collectionParamsSchema } from "./collections.ts";
import { querySideShape } from "./retrieval.ts";

/** A collection with more target LMs than that has a mistake in it. */
const MAX_MODELS = 64;

const BASE64_CHARACTERS = Math.ceil(MAX_ADAPTER_BYTES / 3) * 4;

const sideSchema = z.strictObject(querySideShape);

export const adapterParamsSchema = collectionParamsSchema.extend({
  adapter: z.string().regex(QUERY_SIDE_NAME, "expected 1 to 63 letters, digits, `.`, `_` or `-`"),
});

export const adapterRequestSchema = z
  .strictObject({
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "expected a sha256 in hex"),
    content: z
      .string()
      .max(BASE64_CHARACTERS, `an adapter file has at most ${MAX_ADAPTER_BYTES} bytes`)
      .openapi({ description: "The adapter file that `aar train --mode query-adapter` wrote, in base64." }),
  })
  .openapi("AdapterRequest");

export const adapterSchema = z
  .object({
    object: z.literal("query_adapter"),
    name: z.string(),
    kind: z.string(),
    dims: z.int(),
    sha256: z.string(),
    bytes: z.int(),
    trained_on: z.string().openapi({ description: "The adapter's own name, as training gave it." }),
    query_model: z.string(),
  })
  .openapi("QueryAdapter");

export const adapterListSchema = z
  .object({ object: z.literal("list"), data: z.array(adapterSchema) })
  .openapi("QueryAdapterList");

export const adapterDeletedSchema = z
  .object({ object: z.literal("query_adapter.deleted"), name: z.string(), deleted: z.literal(true) })
  .openapi("QueryAdapterDeleted");

export const querySideRequestSchema = z
  .strictObject({
    default: sideSchema.optional(),
    models: z
      .record(z.string().min(1).max(256), sideSchema)
      .refine((models) => Object.keys(models).length <= MAX_MODELS, `at most ${MAX_MODELS} models`)
      .optional()
      .openapi({ description: "By name of the target LM that a request's passages are for." }),
    shadow: z
      .strictObject({
        ...querySideShape,
        share: z.number().min(0).max(1).default(1).openapi({ description: "Of the requests." }),
        log_query: z.boolean().default(false).openapi({ description: "Keep the query's text in the record." }),
      })
      .optional()
      .openapi({ description: "Another query side whose passages are recorded beside what was served." }),
  })
  .openapi("QuerySideRequest");

export const querySideSchema = z
  .object({
    object: z.literal("query_side"),
    collection: z.string(),
    encoders: z.array(z.string()).openapi({ description: "Names for `encoder`; the first is the default." }),
    adapters: z.array(z.string()).openapi({ description: "Names for `adapter`." }),
    default: sideSchema.nullable(),
    models: z.record(z.string(), sideSchema),
    shadow: z.looseObject({}).nullable(),
  })
  .openapi("QuerySide");

export const shadowSummarySchema = z
  .object({
    object: z.literal("list"),
    data: z.array(
      z.object({
        served_adapter: z.string().nullable(),
        shadow_adapter: z.string().nullable(),
        requests: z.int(),
        mean_overlap: z.number(),
        changed_first: z.number(),
      }),
    ),
  })
  .openapi("ShadowSummary");
