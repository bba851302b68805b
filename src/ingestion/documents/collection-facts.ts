import { z } from "zod";
import type { SqlDatabase, SqlRow } from "../../retrieval/sql-database.ts";

/** What a collection is called and labelled with; retrieval needs none of it. */
export interface CollectionFacts {
  /** Of the collection: its id towards clients. */
  readonly id: string;
  /** For people; may be empty. */
  readonly displayName: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Unix seconds; 0: unknown. */
  readonly createdAt: number;
}

const rowSchema = z.object({
  name: z.string(),
  display_name: z.string(),
  metadata: z.string(),
  created_at: z.int(),
});
const metadataSchema = z.record(z.string(), z.string());

/** Names and labels of collections, in SQL. */
export class CollectionFactsStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** `createdAt` counts the first time only. */
  async put({ id, displayName, metadata, createdAt }: CollectionFacts): Promise<void> {
    await this.#database.query({
      sql: `UPDATE collections SET display_name = ?2, metadata = ?3,
          created_at = CASE created_at WHEN 0 THEN ?4 ELSE created_at END
        WHERE name = ?1`,
      params: [id, displayName, JSON.stringify(metadata), createdAt],
    });
  }

  /** In the order of `ids`; unknown ones are left out. */
  async get(ids: readonly string[]): Promise<readonly CollectionFacts[]> {
    const rows = await this.#database.query({
      sql: `SELECT name, display_name, metadata, created_at FROM collections
        WHERE name IN (SELECT value FROM json_each(?1))`,
      params: [JSON.stringify(ids)],
    });
    const known = new Map(rows.map(parseRow).map((facts) => [facts.id, facts]));
    return ids.flatMap((id) => known.get(id) ?? []);
  }
}

function parseRow(row: SqlRow): CollectionFacts {
  const { name, display_name: displayName, metadata, created_at: createdAt } = rowSchema.parse(row);
  return { id: name, displayName, metadata: metadataSchema.parse(JSON.parse(metadata)), createdAt };
}
