import { z } from "zod";
import type { SqlDatabase, SqlRow, SqlValue } from "../../retrieval/sql-database.ts";

/** An uploaded file; its content is in the bucket under `fileKey`. */
export interface StoredFile {
  readonly id: string;
  /** Whose it is; "" where there are no tenants. */
  readonly owner: string;
  readonly filename: string;
  readonly purpose: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** Unix seconds. */
  readonly createdAt: number;
}

export interface ListFilesOptions {
  readonly owner: string;
  readonly limit: number;
  readonly after?: string | undefined;
  readonly descending?: boolean;
  readonly purpose?: string | undefined;
}

const rowSchema = z.object({
  id: z.string(),
  owner: z.string(),
  filename: z.string(),
  purpose: z.string(),
  media_type: z.string(),
  bytes: z.int(),
  created_at: z.int(),
});

/** Key of a file's content in the bucket. */
export function fileKey(id: string): string {
  return `files/${id}`;
}

/** Records of files, in SQL. An owner sees nobody else's. */
export class FileStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async put({ id, owner, filename, purpose, mediaType, bytes, createdAt }: StoredFile): Promise<void> {
    await this.#database.query({
      sql: `INSERT INTO files (id, owner, filename, purpose, media_type, bytes, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
      params: [id, owner, filename, purpose, mediaType, bytes, createdAt],
    });
  }

  /** In the order of `ids`; unknown ones, and others', are left out. */
  async get(owner: string, ids: readonly string[]): Promise<readonly StoredFile[]> {
    const rows = await this.#database.query({
      sql: "SELECT * FROM files WHERE owner = ?1 AND id IN (SELECT value FROM json_each(?2))",
      params: [owner, JSON.stringify(ids)],
    });
    const files = new Map(rows.map(parseRow).map((file) => [file.id, file]));
    return ids.flatMap((id) => files.get(id) ?? []);
  }

  async list({ owner, limit, after, descending = true, purpose }: ListFilesOptions): Promise<readonly StoredFile[]> {
    const params: SqlValue[] = [owner, limit];
    const bind = (value: SqlValue): string => `?${params.push(value)}`;
    const conditions = ["owner = ?1"];
    if (after !== undefined) {
      const place = `SELECT created_at, id FROM files WHERE owner = ?1 AND id = ${bind(after)}`;
      conditions.push(`(created_at, id) ${descending ? "<" : ">"} (${place})`);
    }
    if (purpose !== undefined) {
      conditions.push(`purpose = ${bind(purpose)}`);
    }
    const direction = descending ? "DESC" : "ASC";
    const rows = await this.#database.query({
      sql: `SELECT * FROM files WHERE ${conditions.join(" AND ")}
        ORDER BY created_at ${direction}, id ${direction} LIMIT ?2`,
      params,
    });
    return rows.map(parseRow);
  }

  async delete(owner: string, id: string): Promise<void> {
    await this.#database.query({ sql: "DELETE FROM files WHERE owner = ?1 AND id = ?2", params: [owner, id] });
  }
}

function parseRow(row: SqlRow): StoredFile {
  const { media_type: mediaType, created_at: createdAt, ...file } = rowSchema.parse(row);
  return { ...file, mediaType, createdAt };
}
