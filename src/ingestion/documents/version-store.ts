import { filterableMetadata } from "../../retrieval/filterable-metadata.ts";
import { fullTextTable } from "../../retrieval/full-text-table.ts";
import type { SqlDatabase } from "../../retrieval/sql-database.ts";
import { AppError } from "../../shared/errors.ts";
import { parseVersionRow } from "./document-rows.ts";
import type { DocumentError, DocumentFacts, DocumentSource, DocumentVersion, Payer } from "./document.ts";
import { publishStatements } from "./publish-statements.ts";

export interface BeginVersion extends DocumentFacts {
  readonly collection: string;
  /** Undefined: its passages are staged at once. */
  readonly source: DocumentSource | undefined;
  readonly payer: Payer | undefined;
}

export interface StalledOptions {
  readonly idleSince: number;
  readonly stuckSince: number;
  readonly limit: number;
}

/** Versions that are on their way. */
const IN_PROGRESS = "('splitting', 'encoding', 'publishing')";
/** Live, and what it took is not counted. The index has nothing but these; left alone, SQLite reads all that is live. */
const UNCOUNTED = `(SELECT version FROM document_versions INDEXED BY document_versions_uncounted
  WHERE state = 'live' AND is_metered = 0 AND embed_tokens > 0)`;

/**
 * The life of document versions, in SQL. Every change of state is one transaction and conditional on the state before, so
 * that work delivered twice, late or out of order changes nothing.
 */
export class VersionStore {
  readonly #database: SqlDatabase;
  /** Unix seconds. */
  readonly #now: () => number;

  constructor(database: SqlDatabase, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /**
   * Begins a version: from now on it is the document's latest, and one that was on its way is retired. Throws
   * `unknown_collection`.
   */
  async begin(facts: BeginVersion): Promise<DocumentVersion> {
    const { collection, id, title, url, metadata, format, bytes, digest, maxTokens, overlapTokens, source, payer } =
      facts;
    const filterable = filterableMetadata(metadata);
    const now = this.#now();
    const [, rows = []] = await this.#database.batch([
      {
        sql: `UPDATE document_versions SET state = 'retired', progressed_at = ?3
          WHERE document_id = ?2 AND (state IN ${IN_PROGRESS} OR state = 'failed')
            AND collection_id = (SELECT id FROM collections WHERE name = ?1)`,
        params: [collection, id, now],
      },
      {
        sql: `INSERT INTO document_versions (collection_id, collection, document_id, state, format, title, url, metadata,
            filterable, max_tokens, overlap_tokens, bytes, digest, source, owns_source, created_at, progressed_at,
            written_at, key_id, tenant)
          SELECT id, name, ?2, 'splitting', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, CASE ?13 WHEN 1 THEN ?14 END, ?15, ?16
          FROM collections WHERE name = ?1 RETURNING *`,
        params: [
          collection,
          id,
          format,
          title,
          url,
          JSON.stringify(metadata),
          filterable === undefined ? null : JSON.stringify(filterable),
          maxTokens,
          overlapTokens,
          bytes,
          digest,
          source?.key ?? null,
          source?.isOwned === true ? 1 : 0,
          now,
          payer?.keyId ?? null,
          payer?.tenant ?? null,
        ],
      },
      {
        sql: `INSERT INTO documents (collection_id, document_id, passage_count, latest_version)
          SELECT collection_id, document_id, 0, version FROM document_versions
          WHERE version = (SELECT max(version) FROM document_versions
            WHERE document_id = ?2 AND collection_id = (SELECT id FROM collections WHERE name = ?1))
          ON CONFLICT (collection_id, document_id) DO UPDATE SET latest_version = excluded.latest_version`,
        params: [collection, id],
      },
    ]);
    const [row] = rows;
    if (row === undefined) {
      throw new AppError("unknown_collection", `there is no collection "${collection}"`, { details: { collection } });
    }
    return parseVersionRow(row);
  }

  async get(version: number): Promise<DocumentVersion | undefined> {
    const [row] = await this.#database.query({
      sql: "SELECT * FROM document_versions WHERE version = ?1",
      params: [version],
    });
    return row === undefined ? undefined : parseVersionRow(row);
  }

  /** All passages are staged: they can be encoded. */
  async endSplitting(version: number, { title, passageCount }: { title: string; passageCount: number }): Promise<void> {
    await this.#database.query({
      sql: `UPDATE document_versions SET state = 'encoding', title = ?2, passage_count = ?3, progressed_at = ?4
        WHERE version = ?1 AND state = 'splitting'`,
      params: [version, title, passageCount, this.#now()],
    });
  }

  /** All passages are encoded: their vectors may be written. Nothing happens before that. */
  async beginPublishing(version: number): Promise<void> {
    await this.#database.query({
      sql: `UPDATE document_versions SET state = 'publishing', progressed_at = ?2, written_at = ?2
        WHERE version = ?1 AND state IN ('encoding', 'publishing')
          AND NOT EXISTS (SELECT 1 FROM staged_passages WHERE version = ?1 AND embedding IS NULL)`,
      params: [version, this.#now()],
    });
  }

  /** The version replaces the document's passages, in one transaction, if nothing overtook it. */
  async publish({ version, collection, id }: DocumentVersion): Promise<void> {
    const key = await this.#keyOf(collection);
    if (key !== undefined) {
      await this.#database.batch(publishStatements({ key, version, documentId: id, now: this.#now() }));
    }
  }

  /** Keeps the error where the document's owner finds it. What is live already, or retired, stays as it is. */
  async fail(version: number, { code, message }: DocumentError): Promise<void> {
    await this.#database.query({
      sql: `UPDATE document_versions SET state = 'failed', error_code = ?2, error_message = ?3, progressed_at = ?4
        WHERE version = ?1 AND state IN ${IN_PROGRESS}`,
      params: [version, code, message, this.#now()],
    });
  }

  /** What it took to encode the version was counted. */
  async endMetering(version: number): Promise<void> {
    await this.#database.query({
      sql: "UPDATE document_versions SET is_metered = 1 WHERE version = ?1",
      params: [version],
    });
  }

  /** Shows that somebody is at work on it. */
  async touch(versions: readonly number[]): Promise<void> {
    await this.#database.query({
      sql: "UPDATE document_versions SET progressed_at = ?2 WHERE version IN (SELECT value FROM json_each(?1))",
      params: [JSON.stringify(versions), this.#now()],
    });
  }

  /**
   * Deletes documents that were ingested: no search finds them from here on, and their versions are to be swept. Returns
   * those versions.
   */
  async retireDocuments(collection: string, ids: readonly string[]): Promise<readonly DocumentVersion[]> {
    const key = await this.#keyOf(collection);
    if (key === undefined || ids.length === 0) {
      return [];
    }
    const params = [key, JSON.stringify(ids)];
    const ofThese = "collection_id = ?1 AND document_id IN (SELECT value FROM json_each(?2))";
    const passages = `${ofThese} AND version IS NOT NULL`;
    const replies = await this.#database.batch([
      {
        sql: `DELETE FROM ${fullTextTable(key)} WHERE rowid IN (SELECT id FROM passages WHERE ${passages})`,
        params,
      },
      { sql: `DELETE FROM passages WHERE ${passages}`, params },
      {
        sql: `UPDATE document_versions SET state = 'retired', progressed_at = ?3 WHERE ${ofThese} AND state <> 'retired'`,
        params: [...params, this.#now()],
      },
      // What came as passages with vectors under the same id stays.
      {
        sql: `UPDATE documents SET latest_version = 0 WHERE ${ofThese}`,
        params,
      },
      { sql: `DELETE FROM documents WHERE ${ofThese} AND passage_count = 0`, params },
      { sql: "UPDATE collections SET version = version + 1 WHERE id = ?1", params: [key] },
      { sql: `SELECT * FROM document_versions WHERE ${ofThese} AND state = 'retired'`, params },
    ]);
    return (replies.at(-1) ?? []).map(parseVersionRow);
  }

  /** Versions of which something is left that nobody needs. Of one document, or the longest waiting of all. */
  async toSweep({
    limit,
    document,
  }: {
    limit: number;
    document?: Pick<DocumentVersion, "collection" | "id">;
  }): Promise<readonly DocumentVersion[]> {
    const [condition, ...params] =
      document === undefined ? ["true"] : ["collection = ?2 AND document_id = ?3", document.collection, document.id];
    const rows = await this.#database.query({
      sql: `SELECT * FROM document_versions WHERE state IN ('retired', 'failed') AND swept = 0 AND ${condition}
        ORDER BY progressed_at LIMIT ?1`,
      params: [limit, ...params],
    });
    return rows.map(parseVersionRow);
  }

  /**
   * Nothing is left of a version outside of the database. The record of a failed one stays, as does, until `forgetBefore`
   * (Unix seconds) has passed, that of one whose content or vectors somebody may be writing right now.
   */
  async endSweep(version: number, forgetBefore: number): Promise<void> {
    const params = [version];
    const settled = "(written_at IS NULL OR written_at < ?2)";
    await this.#database.batch([
      { sql: "DELETE FROM staged_passages WHERE version = ?1", params },
      {
        sql: `UPDATE document_versions SET swept = 1 WHERE version = ?1 AND state = 'failed' AND ${settled}`,
        params: [version, forgetBefore],
      },
      {
        sql: `DELETE FROM document_versions WHERE version = ?1 AND state = 'retired' AND ${settled}`,
        params: [version, forgetBefore],
      },
    ]);
  }

  /**
   * Versions on their way, or live and not counted yet, whose messages are lost: nothing at all has moved since `idleSince`,
   * or this one has not since `stuckSince` (Unix seconds). While others move, a version may simply wait for its turn.
   */
  async stalled({ idleSince, stuckSince, limit }: StalledOptions): Promise<readonly DocumentVersion[]> {
    const rows = await this.#database.query({
      sql: `SELECT * FROM document_versions
        WHERE (state IN ${IN_PROGRESS} OR version IN ${UNCOUNTED})
          AND (progressed_at < ?2 OR NOT EXISTS (SELECT 1 FROM document_versions WHERE progressed_at >= ?1))
        ORDER BY progressed_at LIMIT ?3`,
      params: [idleSince, stuckSince, limit],
    });
    return rows.map(parseVersionRow);
  }

  async #keyOf(collection: string): Promise<number | undefined> {
    const [row] = await this.#database.query({
      sql: "SELECT id FROM collections WHERE name = ?1",
      params: [collection],
    });
    return row === undefined ? undefined : Number(row["id"]);
  }
}
