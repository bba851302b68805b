import { z } from "@hono/zod-openapi";
import { DOCUMENT_STATUSES } from "../../ingestion/documents/document.ts";
import { PASSAGE_LIMITS } from "../../ingestion/passage-limits.ts";
import { DOCUMENT_FORMAT_NAMES } from "../../ingestion/reading/document-formats.ts";
import { MIN_PASSAGE_TOKENS } from "../../ingestion/split-passages.ts";
import { collectionParamsSchema, metadataSchema } from "./collections.ts";
import { filterSchema } from "./retrieval.ts";

/** One request's work for D1: some seconds of it. */
const MAX_DOCUMENTS_PER_REQUEST = 100;
const MAX_PAGE = 100;

export const documentIdSchema = z
  .string()
  .min(1)
  .max(PASSAGE_LIMITS.ingestedDocumentId)
  .refine((id) => id.isWellFormed() && !id.includes("\0"), "is not well-formed Unicode without NUL")
  .openapi({ example: "handbook" });

/** Titles of passages are made of it; SQLite ends a text at NUL. */
export const titleSchema = z.string().max(PASSAGE_LIMITS.title);
export const urlSchema = z
  .string()
  .max(PASSAGE_LIMITS.url)
  .refine((url) => url.isWellFormed() && !url.includes("\0"), "is not well-formed Unicode without NUL");

const splitShape = {
  max_tokens: z.int().min(MIN_PASSAGE_TOKENS).max(4096).optional().openapi({
    description:
      "Of a passage with its title. Never more than the encoder reads (256 for the default one), the default.",
  }),
  overlap_tokens: z.int().min(0).max(2048).optional().openapi({
    description: "Of the end of a passage that the next one begins with, in whole sentences. Default 0.",
  }),
};

const documentSchema = z.strictObject({
  id: documentIdSchema
    .optional()
    .openapi({ description: "Default: a new one. The document of the same id is replaced." }),
  title: titleSchema.default("").openapi({ description: "Default: the document's own, as its format has one." }),
  url: urlSchema.default("").openapi({ description: "Where a reader finds it; what citations link to." }),
  metadata: metadataSchema.default({}),
  format: z
    .enum(DOCUMENT_FORMAT_NAMES)
    .optional()
    .openapi({ description: "Default: text, or json when it is not a string." }),
  content: z
    .union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())])
    .openapi({ type: "string", description: "Text; or any JSON object or list." }),
  ...splitShape,
});

export type DocumentBody = z.output<typeof documentSchema>;

export const documentsRequestSchema = z
  .union([z.strictObject({ documents: z.array(documentSchema).min(1).max(MAX_DOCUMENTS_PER_REQUEST) }), documentSchema])
  .openapi("DocumentsRequest");

/** Query of the upload of a document as it is. */
export const putDocumentQuerySchema = z.object({
  title: titleSchema.default(""),
  url: urlSchema.default(""),
  metadata: z.string().transform(parseJson).pipe(metadataSchema).optional(),
  max_tokens: z.coerce.number().pipe(splitShape.max_tokens.unwrap()).optional(),
  overlap_tokens: z.coerce.number().pipe(splitShape.overlap_tokens.unwrap()).optional(),
});

export const filterQuerySchema = z.string().transform(parseJson).pipe(filterSchema).openapi({
  type: "string",
  description: "Metadata filter, as JSON.",
  example: '{"country":"Norway"}',
});

export const pageQuerySchema = z.object({
  limit: z.coerce.number().pipe(z.int().min(1).max(MAX_PAGE)).default(20),
  after: z
    .string()
    .max(PASSAGE_LIMITS.documentId)
    .optional()
    .openapi({ description: "The last id of the page before." }),
  order: z.enum(["asc", "desc"]).default("desc").openapi({ description: "By when they were sent." }),
});

export const listDocumentsQuerySchema = pageQuerySchema.extend({
  status: z.enum(DOCUMENT_STATUSES).optional(),
  filter: filterQuerySchema.optional(),
});

export const documentParamsSchema = collectionParamsSchema.extend({ id: documentIdSchema });

export const documentResponseSchema = z
  .object({
    object: z.literal("document"),
    id: z.string(),
    collection: z.string(),
    status: z.enum(DOCUMENT_STATUSES).openapi({ description: "Of what was sent last." }),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    passage_count: z
      .int()
      .openapi({ description: "That searches find; of the version before while one is in progress." }),
    version: z.int().nullable(),
    title: z.string(),
    url: z.string(),
    metadata: z.record(z.string(), z.unknown()),
    format: z.string().nullable(),
    bytes: z.int(),
    embed_tokens: z.int(),
    created_at: z.int(),
    updated_at: z.int(),
  })
  .openapi("Document");

export const documentListSchema = z
  .object({
    object: z.literal("list"),
    data: z.array(documentResponseSchema),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .openapi("DocumentList");

export const documentDeletedSchema = z
  .object({ object: z.literal("document.deleted"), id: z.string(), deleted: z.literal(true) })
  .openapi("DocumentDeleted");

export const documentsDeletedSchema = z
  .object({ object: z.literal("documents.deleted"), deleted: z.literal(true) })
  .openapi("DocumentsDeleted");

/** Text that is no JSON becomes a value that no schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
