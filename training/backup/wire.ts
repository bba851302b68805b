import { z } from "zod";

/** How hybrid joins its legs, as the Worker has it on the wire. */
export const fusionSchema = z.discriminatedUnion("method", [
  z.object({ method: z.literal("rrf"), rrf_k: z.number() }),
  z.object({
    method: z.literal("convex"),
    weight: z.number(),
    normalization: z.enum(["min-max", "theoretical"]),
    adapt: z.number().exactOptional(),
  }),
]);

export const collectionSchema = z.object({
  name: z.string(),
  encoder_fingerprint: z.string(),
  encoder_name: z.string(),
  dims: z.int(),
  similarity: z.enum(["cosine", "dot-product", "euclidean"]),
  fusion: fusionSchema,
  version: z.int(),
  passage_count: z.int(),
});

export const passageSchema = z.object({
  id: z.string(),
  position: z.int(),
  version: z.int().nullable(),
  document_id: z.string(),
  title: z.string(),
  text: z.string(),
  url: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  values: z.string().nullable(),
});

export const passagePageSchema = z.object({
  collection: collectionSchema,
  data: z.array(passageSchema),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});

/** An ingested document, apart from its passages. */
export const versionSchema = z.object({
  version: z.int(),
  document_id: z.string(),
  format: z.string(),
  title: z.string(),
  url: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  max_tokens: z.int(),
  overlap_tokens: z.int(),
  bytes: z.int(),
  digest: z.string(),
  passage_count: z.int(),
  created_at: z.int(),
});

export const versionPageSchema = z.object({ data: z.array(versionSchema), has_more: z.boolean() });

/** A collection's labels, of `GET /v1/collections/{name}`. */
export const labelsSchema = z.object({ display_name: z.string(), metadata: z.record(z.string(), z.string()) });
