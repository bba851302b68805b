import { z } from "@hono/zod-openapi";
import { QUERY_SIDE_NAME } from "../../query-side/query-side-configuration.ts";
import { RETRIEVAL_MODES } from "../../retrieval/types.ts";
import type { QuerySide } from "../../retrieval/types.ts";
import { toAppError } from "../../shared/errors.ts";
import { parseFilter } from "../../vector-index/filter.ts";
import type { VectorFilter } from "../../vector-index/vector-index.ts";

/** A question, not a document: the encoder reads the first few hundred tokens at most, and full-text terms cost CPU. */
const MAX_QUERY_CHARACTERS = 8192;

/** Vectorize takes 64 bytes as a namespace. */
export const collectionNameSchema = z
  .string()
  .min(1)
  .max(64)
  .openapi({ description: "Name of a collection (a Vectorize namespace).", example: "factbook" });

export const querySchema = z
  .string()
  .refine((query) => query.trim() !== "", { error: "must not be empty" })
  .refine((query) => query.length <= MAX_QUERY_CHARACTERS, {
    error: ({ input }) => `has ${String(input).length} characters, at most ${MAX_QUERY_CHARACTERS} are allowed`,
    params: { code: "query_too_long" },
  })
  .openapi({
    description: `What to look for; at most ${MAX_QUERY_CHARACTERS} characters.`,
    maxLength: MAX_QUERY_CHARACTERS,
  });

export const topKSchema = z.int().min(1).openapi({
  description: "Passages wanted. More than the limit is clamped, with the notice `top_k_clamped`.",
  example: 5,
});

export const modeSchema = z
  .enum(RETRIEVAL_MODES)
  .openapi({ description: "`dense` (vectors), `lexical` (BM25) or `hybrid` (both, fused). Default `hybrid`." });

/** Vectorize's own grammar, checked by the embedded index's parser so that one filter means one thing everywhere. */
export const filterSchema = z
  .record(z.string(), z.unknown())
  .transform((filter, context): VectorFilter | undefined => {
    if (Object.keys(filter).length === 0) {
      return undefined;
    }
    try {
      parseFilter(filter);
    } catch (error) {
      const { message } = toAppError(error);
      context.addIssue({ code: "custom", message, params: { code: "invalid_filter" } });
      return z.NEVER;
    }
    // `parseFilter` has just checked every key and value of it.
    return filter as VectorFilter;
  })
  .openapi({
    type: "object",
    description: "Metadata filter in Vectorize's grammar: $eq $ne $in $nin $lt $lte $gt $gte; keys are ANDed.",
    example: { country: { $in: ["Norway", "Sweden"] } },
  });

export const minScoreSchema = z
  .number()
  .openapi({ description: "Passages with a lower score are dropped. Unit: the score of the mode (cosine for dense)." });

export const onErrorSchema = z
  .enum(["degrade", "fail"])
  .openapi({ description: "`degrade` (default): go on with the leg that works and say so. `fail`: refuse." });

const querySideName = z.string().regex(QUERY_SIDE_NAME, "expected 1 to 63 letters, digits, `.`, `_` or `-`");

/** Chosen by a request, or as a collection's setting. */
export const querySideShape = {
  encoder: querySideName.optional().openapi({
    description: "Query encoder. Default: the one that the adapter was trained for, else the Worker's default.",
  }),
  adapter: querySideName.nullable().optional().openapi({ description: "Query adapter; null: none." }),
};

/** The query side as a request asks for it; `encoder` and `adapter` left out both: the collection's own. */
export function querySideOf({
  encoder,
  adapter,
}: {
  readonly encoder?: string | undefined;
  readonly adapter?: string | null | undefined;
}): QuerySide {
  return { ...(encoder === undefined ? {} : { encoder }), ...(adapter === undefined ? {} : { adapter }) };
}

const placeSchema = z.object({ rank: z.int(), score: z.number() }).nullable();

export const passageSchema = z
  .object({
    id: z.string(),
    document_id: z.string(),
    title: z.string(),
    text: z.string(),
    url: z.string(),
    metadata: z.record(z.string(), z.unknown()),
    score: z.number(),
    rank: z.int().openapi({ description: "1 is best." }),
    dense: placeSchema,
    lexical: placeSchema,
  })
  .openapi("Passage");

/** What both the search route and the `retrieval` block of an answer say about how it went. */
export const outcomeShape = {
  query: z.string().openapi({ description: "What was searched." }),
  collection: z.string(),
  mode: modeSchema,
  notices: z.array(z.object({ code: z.string(), message: z.string() })),
  degraded: z.array(z.object({ leg: z.enum(["dense", "lexical"]), reason: z.string() })),
  timings_ms: z.record(z.string(), z.number()),
  usage: z.object({ embed_tokens: z.int(), vectors_queried: z.int() }),
  encoder: z.string().nullable().openapi({ description: "What embedded the query; null when nothing did." }),
  adapter: z
    .object({ name: z.string(), sha256: z.string() })
    .nullable()
    .openapi({ description: "What its embedding went through." }),
};
