import { fullTextTable } from "../../retrieval/full-text-table.ts";
import type { SqlStatement } from "../../retrieval/sql-database.ts";

export interface PublishStatementsOptions {
  /** Of the collection. */
  readonly key: number;
  readonly version: number;
  readonly documentId: string;
  /** Unix seconds. */
  readonly now: number;
}

/**
 * The transaction that makes a version live: the passages of the version before go, the staged ones come, full text and
 * counts with them. Each statement is conditional on the version being in the state `publishing`, which the last one ends:
 * run twice, or for a version that was overtaken, the transaction changes nothing.
 */
export function publishStatements({
  key,
  version,
  documentId,
  now,
}: PublishStatementsOptions): readonly SqlStatement[] {
  const table = fullTextTable(key);
  const document = [key, documentId, version];
  const isDue = "EXISTS (SELECT 1 FROM document_versions WHERE version = ?3 AND state = 'publishing')";
  const before = "collection_id = ?1 AND document_id = ?2 AND version IS NOT NULL AND version <> ?3";
  return [
    // Before the text goes: FTS5 finds the entries to remove by reading it.
    {
      sql: `DELETE FROM ${table} WHERE rowid IN (SELECT id FROM passages WHERE ${before}) AND ${isDue}`,
      params: document,
    },
    { sql: `DELETE FROM passages WHERE ${before} AND ${isDue}`, params: document },
    {
      sql: `INSERT INTO passages (collection_id, passage_id, vector_id, document_id, title, text, url, metadata, filterable,
          version)
        SELECT ?1, staged.passage_id, staged.vector_id, ?2, staged.title, staged.text, own.url, own.metadata,
          own.filterable, ?3
        FROM staged_passages AS staged JOIN document_versions AS own ON own.version = staged.version
        WHERE staged.version = ?3 AND own.state = 'publishing' ORDER BY staged.ordinal`,
      params: document,
    },
    {
      sql: `INSERT INTO ${table} (rowid, title, text) SELECT id, title, text FROM passages
        WHERE collection_id = ?1 AND document_id = ?2 AND version = ?3 AND ${isDue}`,
      params: document,
    },
    {
      sql: `UPDATE document_versions SET state = 'retired', progressed_at = ?4
        WHERE collection_id = ?1 AND document_id = ?2 AND state = 'live' AND ${isDue}`,
      params: [...document, now],
    },
    {
      sql: `UPDATE collections SET version = version + 1 WHERE id = ?1 AND ${isDue.replace("?3", "?2")}`,
      params: [key, version],
    },
    {
      sql: `UPDATE document_versions SET state = 'live', progressed_at = ?2,
          embed_tokens = (SELECT coalesce(sum(tokens), 0) FROM staged_passages WHERE version = ?1)
        WHERE version = ?1 AND state = 'publishing'`,
      params: [version, now],
    },
    {
      sql: `DELETE FROM staged_passages WHERE version = ?1
        AND EXISTS (SELECT 1 FROM document_versions WHERE version = ?1 AND state = 'live')`,
      params: [version],
    },
  ];
}
