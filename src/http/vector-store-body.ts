import type { CollectionFacts } from "../ingestion/documents/collection-facts.ts";
import type { DocumentCounts } from "../ingestion/documents/document-catalog.ts";
import { statusOf } from "../ingestion/documents/document-rows.ts";
import type { DocumentStatus, DocumentVersion } from "../ingestion/documents/document.ts";
import type { FileBatch } from "../ingestion/documents/file-batch-store.ts";
import type { JsonObject } from "../shared/json.ts";

/** A collection as OpenAI's vector store. */
export function vectorStoreBody(
  { id, displayName, metadata, createdAt }: CollectionFacts,
  counts: DocumentCounts,
): JsonObject {
  const { inProgress, completed, failed, cancelled, bytes } = counts;
  return {
    id,
    object: "vector_store",
    created_at: createdAt,
    name: displayName,
    usage_bytes: bytes,
    file_counts: {
      in_progress: inProgress,
      completed,
      failed,
      cancelled,
      total: inProgress + completed + failed + cancelled,
    },
    status: inProgress > 0 ? "in_progress" : "completed",
    expires_after: null,
    expires_at: null,
    last_active_at: createdAt,
    metadata,
  };
}

/** A version of a document as OpenAI's vector store file. */
export function vectorStoreFileBody(version: DocumentVersion): JsonObject {
  const { id, collection, createdAt, error, bytes, metadata, maxTokens, overlapTokens } = version;
  const status = statusOf(version);
  return {
    id,
    object: "vector_store.file",
    created_at: createdAt,
    vector_store_id: collection,
    status,
    last_error:
      error === undefined || status !== "failed"
        ? null
        : { code: ERROR_CODES[error.code] ?? "server_error", message: error.message },
    usage_bytes: bytes,
    attributes: metadata,
    chunking_strategy: {
      type: "static",
      static: { max_chunk_size_tokens: maxTokens, chunk_overlap_tokens: overlapTokens },
    },
  };
}

/** OpenAI knows three. */
const ERROR_CODES: Readonly<Record<string, "unsupported_file" | "invalid_file" | undefined>> = {
  unsupported_format: "unsupported_file",
  invalid_request: "invalid_file",
};

/** Versions that were replaced or deleted since count as cancelled: nothing of them is there. */
export function fileBatchBody(
  { id, collection, createdAt, versions: begun }: FileBatch,
  versions: readonly DocumentVersion[],
): JsonObject {
  const statuses = versions.map(statusOf);
  const count = (status: DocumentStatus): number => statuses.filter((other) => other === status).length;
  const cancelled = count("cancelled") + begun.length - versions.length;
  const isCancelled = cancelled === begun.length;
  return {
    id,
    object: "vector_store.files_batch",
    created_at: createdAt,
    vector_store_id: collection,
    status: count("in_progress") > 0 ? "in_progress" : isCancelled ? "cancelled" : "completed",
    file_counts: {
      in_progress: count("in_progress"),
      completed: count("completed"),
      failed: count("failed"),
      cancelled,
      total: begun.length,
    },
  };
}
