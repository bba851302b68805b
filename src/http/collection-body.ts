import type { z } from "@hono/zod-openapi";
import type { EncodedPassage } from "../ingestion/upsert-passages.ts";
import type { CollectionSettings } from "../retrieval/passage-store.ts";
import type { Collection, FusionSettings } from "../retrieval/types.ts";
import type { JsonObject } from "../shared/json.ts";
import type { collectionRequestSchema, passagesRequestSchema } from "./schemas/collections.ts";

type CollectionRequest = z.output<typeof collectionRequestSchema>;
type PassageUpload = z.output<typeof passagesRequestSchema>["passages"][number];

/** A collection on the wire. */
export function collectionBody(collection: Collection): JsonObject {
  return {
    object: "collection",
    name: collection.name,
    encoder_fingerprint: collection.encoderFingerprint,
    encoder_name: collection.encoderName,
    dims: collection.dims,
    similarity: collection.similarity,
    fusion: fusionBody(collection.fusion),
    version: collection.version,
    passage_count: collection.passageCount,
  };
}

function fusionBody(fusion: FusionSettings): JsonObject {
  return fusion.method === "rrf" ? { method: "rrf", rrf_k: fusion.rrfK } : { ...fusion };
}

/** The request to create a collection, inside. */
export function collectionSettings(name: string, body: CollectionRequest): CollectionSettings {
  return {
    name,
    encoderFingerprint: body.encoder_fingerprint,
    encoderName: body.encoder_name,
    dims: body.dims,
    similarity: body.similarity,
    ...(body.fusion === undefined ? {} : { fusion: fusionSettings(body.fusion) }),
  };
}

/** Fusion settings of a request, inside. */
export function fusionSettings(fusion: NonNullable<CollectionRequest["fusion"]>): FusionSettings {
  return fusion.method === "rrf" ? { method: "rrf", rrfK: fusion.rrf_k } : fusion;
}

/** An uploaded passage, inside. */
export function encodedPassage({ document_id, ...passage }: PassageUpload): EncodedPassage {
  return { ...passage, documentId: document_id ?? passage.id };
}
