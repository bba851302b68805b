import type { SqlDatabase } from "../../retrieval/sql-database.ts";
import type { SplitPassage } from "../split-passages.ts";
import { vectorIdOf } from "../vector-id.ts";
import { parseStagedRow, type StagedPassage } from "./document-rows.ts";
import type { DocumentVersion } from "./document.ts";

export interface StageOptions {
  /** Of the first of the passages. */
  readonly firstOrdinal: number;
  readonly passages: readonly SplitPassage[];
  /** Unix seconds. */
  readonly now: number;
}

export interface PassageEmbedding {
  readonly ordinal: number;
  /** Base64 of little-endian float32. */
  readonly embedding: string;
  readonly tokens: number;
}

/** The id of a passage of a version: no other version, and no passage uploaded with its vector by accident, has it. */
export function versionedPassageId({ id, version }: Pick<DocumentVersion, "id" | "version">, ordinal: number): string {
  return `${id}#${version}-${ordinal}`;
}

/** Passages between the splitter and the index, where no search sees them. */
export class Staging {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Sent again, the same passages change nothing. */
  async stage(version: DocumentVersion, { firstOrdinal, passages, now }: StageOptions): Promise<void> {
    const rows = await Promise.all(
      passages.map(async ({ title, text }, index) => {
        const ordinal = firstOrdinal + index;
        const passageId = versionedPassageId(version, ordinal);
        return [ordinal, passageId, await vectorIdOf(version.collection, passageId), title, text];
      }),
    );
    await this.#database.batch([
      {
        sql: `INSERT INTO staged_passages (version, ordinal, passage_id, vector_id, title, text)
          SELECT ?1, value ->> '$[0]', value ->> '$[1]', value ->> '$[2]', value ->> '$[3]', value ->> '$[4]'
          FROM json_each(?2)
          WHERE EXISTS (SELECT 1 FROM document_versions WHERE version = ?1 AND state = 'splitting')
          ON CONFLICT (version, ordinal) DO NOTHING`,
        params: [version.version, JSON.stringify(rows)],
      },
      { sql: "UPDATE document_versions SET progressed_at = ?2 WHERE version = ?1", params: [version.version, now] },
    ]);
  }

  /** Staged passages from `firstOrdinal` on, in order. */
  async read(
    version: number,
    { firstOrdinal, count }: { firstOrdinal: number; count: number },
  ): Promise<readonly StagedPassage[]> {
    const rows = await this.#database.query({
      sql: `SELECT ordinal, vector_id, title, text, embedding FROM staged_passages
        WHERE version = ?1 AND ordinal >= ?2 ORDER BY ordinal LIMIT ?3`,
      params: [version, firstOrdinal, count],
    });
    return rows.map(parseStagedRow);
  }

  /** Keeps embeddings; one that is there already is not counted a second time. Tells whether that was the last. */
  async keepEmbeddings(version: number, embeddings: readonly PassageEmbedding[], now: number): Promise<boolean> {
    const ordinals = embeddings.map(({ ordinal }) => ordinal);
    const list = JSON.stringify(embeddings.map(({ ordinal, embedding, tokens }) => [ordinal, embedding, tokens]));
    const [, , missing = []] = await this.#database.batch([
      {
        sql: `UPDATE staged_passages SET embedding = new.value ->> '$[1]', tokens = new.value ->> '$[2]'
          FROM json_each(?2) AS new
          WHERE version = ?1 AND ordinal BETWEEN ?3 AND ?4 AND ordinal = new.value ->> '$[0]' AND embedding IS NULL`,
        // The range keeps SQLite from looking at every passage of the version.
        params: [version, list, Math.min(...ordinals), Math.max(...ordinals)],
      },
      { sql: "UPDATE document_versions SET progressed_at = ?2 WHERE version = ?1", params: [version, now] },
      {
        sql: "SELECT 1 FROM staged_passages WHERE version = ?1 AND embedding IS NULL LIMIT 1",
        params: [version],
      },
    ]);
    return missing.length === 0;
  }

  /** Tokens that were encoded so far. */
  async encodedTokens(version: number): Promise<number> {
    const [row] = await this.#database.query({
      sql: "SELECT coalesce(sum(tokens), 0) AS tokens FROM staged_passages WHERE version = ?1",
      params: [version],
    });
    return Number(row?.["tokens"] ?? 0);
  }

  /** First ordinals of the batches of `size` in which an embedding is missing. */
  async unencodedBatches(version: number, size: number): Promise<readonly number[]> {
    const rows = await this.#database.query({
      // A number arrives as REAL, by which nothing is divided without a rest.
      sql: `SELECT DISTINCT ordinal / CAST(?2 AS INTEGER) * CAST(?2 AS INTEGER) AS first FROM staged_passages
        WHERE version = ?1 AND embedding IS NULL ORDER BY first`,
      params: [version, size],
    });
    return rows.map((row) => Number(row["first"]));
  }
}
