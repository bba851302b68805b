import { z } from "@hono/zod-openapi";
import { PASSAGE_LIMITS } from "../../ingestion/passage-limits.ts";
import { toAppError } from "../../shared/errors.ts";
import { VECTORIZE_LIMITS } from "../../vector-index/limits.ts";
import { serializeMetadata } from "../../vector-index/metadata.ts";
import type { VectorMetadata } from "../../vector-index/vector-index.ts";

/** One request's work for D1 and the vector index: a second or two. */
const MAX_PASSAGES_PER_UPLOAD = 500;

/** Plain names: they are Vectorize namespaces (64 bytes), path segments, and the first part of vector ids. */
export const collectionParamsSchema = z.object({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
      "expected 1 to 63 letters, digits, `.`, `_` or `-`, beginning with a letter or digit",
    )
    .openapi({ example: "factbook" }),
});

export const fingerprintSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "expected a sha256 in hex, as /health and manifest tools print it");

export const fusionSchema = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("rrf"), rrf_k: z.number().min(0).max(10_000).default(60) }),
  z.strictObject({
    method: z.literal("convex"),
    weight: z.number().min(0).max(1).openapi({ description: "Share of the dense leg for an ordinary query." }),
    normalization: z.enum(["min-max", "theoretical"]),
    adapt: z.number().min(0).max(2).exactOptional().openapi({
      description:
        "How far a query's own scores move that share: the leg that sets its best passages apart gains. Default 0.",
    }),
  }),
]);

export const collectionRequestSchema = z
  .strictObject({
    encoder_fingerprint: fingerprintSchema,
    encoder_name: z.string().min(1).max(128),
    dims: z.int().min(1).max(VECTORIZE_LIMITS.dimensions),
    similarity: z.enum(["cosine", "dot-product", "euclidean"]),
    fusion: fusionSchema.optional().openapi({
      description:
        "How hybrid joins its legs. Left out: stays as it is; of a new collection: convex, weight 0.75, theoretical, adapt 1.",
    }),
  })
  .openapi("CollectionRequest");

export const collectionSchema = z
  .object({
    object: z.literal("collection"),
    name: z.string(),
    encoder_fingerprint: z.string(),
    encoder_name: z.string(),
    dims: z.int(),
    similarity: z.string(),
    fusion: fusionSchema,
    version: z.int(),
    passage_count: z.int(),
  })
  .openapi("Collection");

/** Checked here by Vectorize's own rules: found out later, the text would be stored and the vector not. */
export const metadataSchema = z
  .record(z.string(), z.unknown())
  .transform((metadata, context): VectorMetadata => {
    try {
      serializeMetadata("", metadata);
    } catch (error) {
      const { code, message } = toAppError(error);
      context.addIssue({ code: "custom", message, params: { code } });
      return z.NEVER;
    }
    // `serializeMetadata` has just checked every key and value of it.
    return metadata as VectorMetadata;
  })
  .openapi({
    type: "object",
    description: "At most 10 KiB; strings, numbers, booleans, lists of strings, one level deep.",
  });

export const valuesSchema = z
  .union([z.string(), z.array(z.number()).max(VECTORIZE_LIMITS.dimensions * 2)])
  .openapi({ description: "Base64 of little-endian float32, or numbers." });

const passageUploadSchema = z.strictObject({
  id: z
    .string()
    .min(1)
    .max(PASSAGE_LIMITS.id)
    .refine((id) => id.isWellFormed(), "is not well-formed Unicode"),
  document_id: z
    .string()
    .min(1)
    .max(PASSAGE_LIMITS.documentId)
    .optional()
    .openapi({ description: "Default: the passage's id." }),
  title: z.string().max(PASSAGE_LIMITS.title).default(""),
  text: z.string().max(PASSAGE_LIMITS.text),
  url: z.string().max(PASSAGE_LIMITS.url).default(""),
  metadata: metadataSchema.default({}),
  values: valuesSchema,
});

export const passagesRequestSchema = z
  .strictObject({
    encoder_fingerprint: fingerprintSchema,
    passages: z.array(passageUploadSchema).min(1).max(MAX_PASSAGES_PER_UPLOAD),
  })
  .openapi("PassagesRequest");

export const passagesResponseSchema = z
  .object({
    object: z.literal("collection.upload"),
    upserted: z.int(),
    mutation_id: z.string().nullable().openapi({ description: "Of the vector index; visible some seconds later." }),
    collection: collectionSchema,
  })
  .openapi("PassagesResponse");

export const collectionListSchema = z
  .object({ object: z.literal("list"), data: z.array(collectionSchema) })
  .openapi("CollectionList");

export const collectionDeletedSchema = z
  .object({ object: z.literal("collection.deleted"), name: z.string(), deleted: z.literal(true), passages: z.int() })
  .openapi("CollectionDeleted");
