import { z } from "zod";
import type { VectorMetadata } from "../vector-index/vector-index.ts";
import type { StoredPassageIds } from "./passage-store.ts";
import { parseQuerySideSettings } from "./query-side-settings.ts";
import type { SqlRow } from "./sql-database.ts";
import type { Collection, Passage, ScoredPassage } from "./types.ts";

const fusionSchema = z.discriminatedUnion("method", [
  z.object({ method: z.literal("rrf"), rrfK: z.number() }),
  z.object({
    method: z.literal("convex"),
    weight: z.number(),
    normalization: z.enum(["min-max", "theoretical"]),
    adapt: z.number().exactOptional(),
  }),
]);

const collectionRowSchema = z.object({
  id: z.int(),
  name: z.string(),
  encoder_fingerprint: z.string(),
  encoder_name: z.string(),
  dims: z.int(),
  similarity: z.enum(["cosine", "dot-product", "euclidean"]),
  fusion: z.string(),
  version: z.int(),
  passage_count: z.int(),
  // Undefined before the migration that brings it.
  query_side: z
    .string()
    .nullish()
    .transform((json) => json ?? undefined),
});

/** A row of `collections`, with the key that names its full-text table. */
export function parseCollectionRow(row: SqlRow): { readonly id: number; readonly collection: Collection } {
  const parsed = collectionRowSchema.parse(row);
  return {
    id: parsed.id,
    collection: {
      name: parsed.name,
      id: parsed.id,
      encoderFingerprint: parsed.encoder_fingerprint,
      encoderName: parsed.encoder_name,
      dims: parsed.dims,
      similarity: parsed.similarity,
      fusion: fusionSchema.parse(JSON.parse(parsed.fusion)),
      version: parsed.version,
      passageCount: parsed.passage_count,
      ...(parsed.query_side === undefined ? {} : { querySide: parseQuerySideSettings(parsed.query_side) }),
    },
  };
}

const passageRowSchema = z.object({
  passage_id: z.string(),
  document_id: z.string(),
  title: z.string(),
  text: z.string(),
  url: z.string(),
  metadata: z.string(),
});

export function parsePassageRow(row: SqlRow): Passage {
  const parsed = passageRowSchema.parse(row);
  // The column holds what `upsertPassages` wrote from a `VectorMetadata` and nothing else writes it.
  const metadata = JSON.parse(parsed.metadata) as VectorMetadata;
  const { title, text, url } = parsed;
  return { id: parsed.passage_id, documentId: parsed.document_id, title, text, url, metadata };
}

const scoredRowSchema = z.object({ passage_id: z.string(), score: z.number() });

export function parseScoredRow(row: SqlRow): ScoredPassage {
  const { passage_id: id, score } = scoredRowSchema.parse(row);
  return { id, score };
}

const idsRowSchema = z.object({ passage_id: z.string(), vector_id: z.string() });

export function parseIdsRow(row: SqlRow): StoredPassageIds {
  const { passage_id: passageId, vector_id: vectorId } = idsRowSchema.parse(row);
  return { passageId, vectorId };
}
