import { z } from "zod";
import type { SqlDatabase } from "../../retrieval/sql-database.ts";
import { parseVersionRow } from "./document-rows.ts";
import type { DocumentVersion } from "./document.ts";

/** Files that were attached to a collection together. */
export interface FileBatch {
  readonly id: string;
  readonly collection: string;
  /** Unix seconds. */
  readonly createdAt: number;
  /** Versions of the documents that the files became. */
  readonly versions: readonly number[];
}

const rowSchema = z.object({
  id: z.string(),
  collection: z.string(),
  created_at: z.int(),
  versions: z.string(),
});
const versionsSchema = z.array(z.int());

/** Records of file batches, in SQL. They go with their collection. */
export class FileBatchStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async put({ id, collection, createdAt, versions }: FileBatch): Promise<void> {
    await this.#database.query({
      sql: `INSERT INTO file_batches (id, collection_id, created_at, versions)
        SELECT ?1, id, ?3, ?4 FROM collections WHERE name = ?2`,
      params: [id, collection, createdAt, JSON.stringify(versions)],
    });
  }

  /** Undefined when the collection has no such batch. */
  async get(collection: string, id: string): Promise<FileBatch | undefined> {
    const [row] = await this.#database.query({
      sql: `SELECT file_batches.*, collections.name AS collection FROM file_batches
        JOIN collections ON collections.id = collection_id WHERE file_batches.id = ?2 AND collections.name = ?1`,
      params: [collection, id],
    });
    if (row === undefined) {
      return undefined;
    }
    const parsed = rowSchema.parse(row);
    return {
      id: parsed.id,
      collection: parsed.collection,
      createdAt: parsed.created_at,
      versions: versionsSchema.parse(JSON.parse(parsed.versions)),
    };
  }

  /** Those of its versions that nothing has replaced since. */
  async versionsOf({ versions }: Pick<FileBatch, "versions">): Promise<readonly DocumentVersion[]> {
    const rows = await this.#database.query({
      sql: `SELECT * FROM document_versions WHERE version IN (SELECT value FROM json_each(?1)) AND state <> 'retired'
        ORDER BY version`,
      params: [JSON.stringify(versions)],
    });
    return rows.map(parseVersionRow);
  }
}
