import { z } from "@hono/zod-openapi";
import { PASSAGE_LIMITS } from "../../ingestion/passage-limits.ts";
import { DOCUMENT_FORMAT_NAMES } from "../../ingestion/reading/document-formats.ts";
import { collectionSchema, fingerprintSchema, metadataSchema, valuesSchema } from "./collections.ts";
import { documentIdSchema, documentResponseSchema, titleSchema, urlSchema } from "./documents.ts";

/** Passages of a page: ten calls of the vector index, which gives 20 vectors at a time. */
const MAX_PAGE = 200;
/** Of one document, in one request. */
const MAX_RESTORED_PASSAGES = 500;

const limitSchema = z.coerce.number().int().min(1).max(MAX_PAGE).default(100);

export const passagePageQuerySchema = z.object({
  limit: limitSchema,
  after: z.string().min(1).max(PASSAGE_LIMITS.id).optional().openapi({ description: "`last_id` of the page before." }),
});

export const passagePageSchema = z
  .object({
    object: z.literal("list"),
    collection: collectionSchema,
    data: z.array(
      z.object({
        id: z.string(),
        position: z.int().openapi({ description: "Ascending in the order in which passages came." }),
        version: z.int().nullable().openapi({ description: "Of the document; null: uploaded with its vector." }),
        document_id: z.string(),
        title: z.string(),
        text: z.string(),
        url: z.string(),
        metadata: z.record(z.string(), z.unknown()),
        values: z
          .string()
          .nullable()
          .openapi({ description: "Base64 of little-endian float32; null: no vector is there." }),
      }),
    ),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .openapi("PassagePage");

export const versionPageQuerySchema = z.object({
  limit: limitSchema,
  after: z.coerce.number().int().min(0).default(0).openapi({ description: "`version` of the page's last." }),
});

/** What a document is, apart from its passages. */
const factsShape = {
  document_id: documentIdSchema,
  format: z.enum(DOCUMENT_FORMAT_NAMES),
  title: titleSchema,
  url: urlSchema,
  metadata: metadataSchema,
  max_tokens: z.int().min(1).max(4096),
  overlap_tokens: z.int().min(0).max(2048),
  bytes: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  digest: z.string().regex(/^[0-9a-f]{64}$/, "expected a sha256 in hex"),
};

export const versionPageSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(z.object({ version: z.int(), passage_count: z.int(), created_at: z.int(), ...factsShape })),
    has_more: z.boolean(),
  })
  .openapi("VersionPage");

export const restoreRequestSchema = z
  .strictObject({
    encoder_fingerprint: fingerprintSchema,
    document: z.strictObject(factsShape),
    passage_count: z.int().min(1).max(50_000).openapi({ description: "Of the whole document." }),
    version: z.int().min(1).optional().openapi({ description: "Of the reply to the document's first passages." }),
    first_ordinal: z.int().min(0).max(50_000).default(0),
    passages: z
      .array(
        z.strictObject({
          title: z.string().max(PASSAGE_LIMITS.title),
          text: z.string().max(PASSAGE_LIMITS.text),
          values: valuesSchema,
        }),
      )
      .min(1)
      .max(MAX_RESTORED_PASSAGES),
  })
  .refine(({ first_ordinal: first, passages, passage_count: count }) => first + passages.length <= count, {
    message: "are more than passage_count",
    path: ["passages"],
  })
  .openapi("RestoreRequest");

export const restoredSchema = z
  .object({ object: z.literal("document.restored"), version: z.int(), document: documentResponseSchema })
  .openapi("DocumentRestored");
