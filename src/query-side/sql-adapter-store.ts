import { z } from "zod";
import { queryAdapterManifestSchema } from "../encoder/query-adapter.ts";
import type { SqlDatabase, SqlStatement } from "../retrieval/sql-database.ts";
import type { QuerySideSettings } from "../retrieval/types.ts";
import { base64ToBytes, bytesToBase64 } from "../shared/base64.ts";
import type { AdapterRecord, AdapterStore } from "./adapter-store.ts";

/** Characters of base64 a row; a multiple of four, so that each part decodes alone. D1 refuses values over 2 MB. */
const PART_CHARACTERS = 1_000_000;

const recordRowSchema = z.object({
  name: z.string(),
  sha256: z.string(),
  bytes: z.int(),
  manifest: z.string().transform((json) => queryAdapterManifestSchema.parse(JSON.parse(json))),
});

const partRowSchema = z.object({ content: z.string() });

const COLLECTION_ID = "(SELECT id FROM collections WHERE name = ?1)";

/** `AdapterStore` in SQL. */
export class SqlAdapterStore implements AdapterStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async list(collection: string): Promise<readonly AdapterRecord[]> {
    const rows = await this.#database.query({
      sql: `SELECT name, sha256, bytes, manifest FROM query_adapters WHERE collection_id = ${COLLECTION_ID} ORDER BY name`,
      params: [collection],
    });
    return rows.map((row) => recordRowSchema.parse(row));
  }

  async read(collection: string, name: string): Promise<Uint8Array | undefined> {
    const rows = await this.#database.query({
      sql: `SELECT content FROM query_adapter_parts JOIN query_adapters ON query_adapters.id = adapter_id
        WHERE collection_id = ${COLLECTION_ID} AND name = ?2 ORDER BY part`,
      params: [collection, name],
    });
    return rows.length === 0 ? undefined : base64ToBytes(rows.map((row) => partRowSchema.parse(row).content).join(""));
  }

  async put(
    collection: string,
    { name, sha256, bytes, manifest, file }: AdapterRecord & { readonly file: Uint8Array },
  ): Promise<void> {
    const content = bytesToBase64(file);
    const parts: SqlStatement[] = [];
    for (let start = 0; start < content.length; start += PART_CHARACTERS) {
      parts.push({
        sql: `INSERT INTO query_adapter_parts (adapter_id, part, content)
          SELECT id, ?3, ?4 FROM query_adapters WHERE collection_id = ${COLLECTION_ID} AND name = ?2`,
        params: [collection, name, parts.length, content.slice(start, start + PART_CHARACTERS)],
      });
    }
    await this.#database.batch([
      deleteAdapter(collection, name),
      {
        sql: `INSERT INTO query_adapters (collection_id, name, sha256, bytes, manifest)
          VALUES (${COLLECTION_ID}, ?2, ?3, ?4, ?5)`,
        params: [collection, name, sha256, bytes, JSON.stringify(manifest)],
      },
      ...parts,
      raiseVersion(collection),
    ]);
  }

  async delete(collection: string, name: string): Promise<boolean> {
    const isThere = (await this.list(collection)).some((record) => record.name === name);
    await this.#database.batch([deleteAdapter(collection, name), raiseVersion(collection)]);
    return isThere;
  }

  async putSettings(collection: string, settings: QuerySideSettings): Promise<void> {
    await this.#database.query({
      sql: "UPDATE collections SET query_side = ?2, version = version + 1 WHERE name = ?1",
      params: [collection, JSON.stringify(settings)],
    });
  }
}

/** Its parts go with it. */
function deleteAdapter(collection: string, name: string): SqlStatement {
  return {
    sql: `DELETE FROM query_adapters WHERE collection_id = ${COLLECTION_ID} AND name = ?2`,
    params: [collection, name],
  };
}

function raiseVersion(collection: string): SqlStatement {
  return { sql: "UPDATE collections SET version = version + 1 WHERE name = ?1", params: [collection] };
}
