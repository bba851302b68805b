import { z } from "zod";
import { parseVersionRow } from "../ingestion/documents/document-rows.ts";
import type { DocumentVersion } from "../ingestion/documents/document.ts";
import { parsePassageRow } from "../retrieval/passage-rows.ts";
import type { SqlDatabase } from "../retrieval/sql-database.ts";
import type { Passage } from "../retrieval/types.ts";

/** A passage with what a backup has to know of it. */
export interface StoredPassage extends Passage {
  readonly vectorId: string;
  /** Where it stands among all passages: of equally good ones full-text search prefers the earlier. */
  readonly position: number;
  /** Of the document that it was cut from; undefined: it came with its vector. */
  readonly version: number | undefined;
}

const placeSchema = z.object({ position: z.int(), vector_id: z.string(), version: z.int().nullable() });

/** Pages through a collection for a backup. Collections are named; whoever asks has been let into them before. */
export class BackupStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Passages in the order of their ids, which is what an index has them in; from the one behind `after` on. */
  async passages(
    collection: string,
    { after, limit }: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly StoredPassage[]> {
    const rows = await this.#database.query({
      sql: `SELECT id AS position, passage_id, vector_id, document_id, title, text, url, metadata, version FROM passages
        WHERE collection_id = (SELECT id FROM collections WHERE name = ?1) AND passage_id > ?2
        ORDER BY passage_id LIMIT ?3`,
      params: [collection, after ?? "", limit],
    });
    return rows.map((row) => {
      const { position, vector_id: vectorId, version } = placeSchema.parse(row);
      return { ...parsePassageRow(row), vectorId, position, version: version ?? undefined };
    });
  }

  /** Versions of documents that searches find, oldest first, from the one behind `after` on. */
  async liveVersions(
    collection: string,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<readonly DocumentVersion[]> {
    const rows = await this.#database.query({
      sql: `SELECT * FROM document_versions
        WHERE collection_id = (SELECT id FROM collections WHERE name = ?1) AND state = 'live' AND version > ?2
        ORDER BY version LIMIT ?3`,
      params: [collection, after, limit],
    });
    return rows.map(parseVersionRow);
  }
}
