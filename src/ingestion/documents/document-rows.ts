import { z } from "zod";
import type { SqlRow } from "../../retrieval/sql-database.ts";
import type { VectorMetadata } from "../../vector-index/vector-index.ts";
import { DOCUMENT_FORMAT_NAMES } from "../reading/document-formats.ts";
import {
  CANCELLED,
  type DocumentRecord,
  type DocumentStatus,
  type DocumentVersion,
  type VersionState,
} from "./document.ts";

const versionRowSchema = z.object({
  version: z.int(),
  collection: z.string(),
  document_id: z.string(),
  state: z.enum(["splitting", "encoding", "publishing", "live", "failed", "retired"]),
  format: z.enum(DOCUMENT_FORMAT_NAMES),
  title: z.string(),
  url: z.string(),
  metadata: z.string(),
  max_tokens: z.int(),
  overlap_tokens: z.int(),
  bytes: z.int(),
  digest: z.string(),
  source: z.string().nullable(),
  owns_source: z.int(),
  passage_count: z.int(),
  embed_tokens: z.int(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  created_at: z.int(),
  progressed_at: z.int(),
  written_at: z.int().nullable(),
  key_id: z.string().nullable(),
  tenant: z.string().nullable(),
  is_metered: z.int(),
});

export function parseVersionRow(row: SqlRow): DocumentVersion {
  const parsed = versionRowSchema.parse(row);
  return {
    version: parsed.version,
    collection: parsed.collection,
    id: parsed.document_id,
    state: parsed.state,
    format: parsed.format,
    title: parsed.title,
    url: parsed.url,
    // The column holds what was written from a `VectorMetadata` and nothing else writes it.
    metadata: JSON.parse(parsed.metadata) as VectorMetadata,
    maxTokens: parsed.max_tokens,
    overlapTokens: parsed.overlap_tokens,
    bytes: parsed.bytes,
    digest: parsed.digest,
    source: parsed.source === null ? undefined : { key: parsed.source, isOwned: parsed.owns_source === 1 },
    payer: parsed.key_id === null ? undefined : { keyId: parsed.key_id, tenant: parsed.tenant ?? "" },
    isMetered: parsed.is_metered === 1,
    passageCount: parsed.passage_count,
    embedTokens: parsed.embed_tokens,
    error: parsed.error_code === null ? undefined : { code: parsed.error_code, message: parsed.error_message ?? "" },
    createdAt: parsed.created_at,
    progressedAt: parsed.progressed_at,
    writtenAt: parsed.written_at ?? undefined,
  };
}

const documentRowSchema = z.object({
  id: z.string(),
  collection_name: z.string(),
  live_passages: z.int(),
  version: z.int().nullable(),
});

/** A row of `documents`, joined to its latest version's (all NULL when there is none). */
export function parseDocumentRow(row: SqlRow): DocumentRecord {
  const parsed = documentRowSchema.parse(row);
  const latest = parsed.version === null ? undefined : parseVersionRow(row);
  return {
    id: parsed.id,
    collection: parsed.collection_name,
    status: latest === undefined ? "completed" : statusOf(latest),
    passageCount: parsed.live_passages,
    latest,
  };
}

/** What a version's owner is told. */
export function statusOf({ state, error }: Pick<DocumentVersion, "state" | "error">): DocumentStatus {
  return error?.code === CANCELLED ? "cancelled" : STATUS[state];
}

const STATUS: Readonly<Record<VersionState, DocumentStatus>> = {
  splitting: "in_progress",
  encoding: "in_progress",
  publishing: "in_progress",
  live: "completed",
  failed: "failed",
  // Never the latest version of a document that exists.
  retired: "failed",
};

const stagedRowSchema = z.object({
  ordinal: z.int(),
  vector_id: z.string(),
  title: z.string(),
  text: z.string(),
  embedding: z.string().nullable(),
});

/** A passage of a version that is not live yet. */
export interface StagedPassage {
  /** From 0, in reading order. */
  readonly ordinal: number;
  readonly vectorId: string;
  readonly title: string;
  readonly text: string;
  /** Base64 of little-endian float32; undefined: not encoded yet. */
  readonly embedding: string | undefined;
}

export function parseStagedRow(row: SqlRow): StagedPassage {
  const { vector_id: vectorId, embedding, ...passage } = stagedRowSchema.parse(row);
  return { ...passage, vectorId, embedding: embedding ?? undefined };
}
