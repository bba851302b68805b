import { z } from "zod";
import type { SqlDatabase, SqlRow } from "../retrieval/sql-database.ts";
import type { KeyRecord, KeySettings, KeyStore, Rotation } from "./key-store.ts";
import { SCOPES } from "./principal.ts";

/** `KeyStore` in SQL, over the table of `0003_api_keys.sql`. Every change is one statement, so that two cannot mix. */
export class SqlKeyStore implements KeyStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async insert({ id, hash, generation, createdAt, ...settings }: KeyRecord): Promise<void> {
    await this.#database.query({
      sql: `INSERT INTO api_keys (id, name, tenant, grants, tier, budget_tokens, budget_nano_usd, expires_at, hash, generation, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
      params: [id, ...settingParams(settings), hash, generation, createdAt],
    });
  }

  async get(id: string): Promise<KeyRecord | undefined> {
    const [row] = await this.#database.query({ sql: "SELECT * FROM api_keys WHERE id = ?1", params: [id] });
    return row === undefined ? undefined : parseKeyRow(row);
  }

  async list(tenant?: string): Promise<readonly KeyRecord[]> {
    const rows = await this.#database.query({
      sql: "SELECT * FROM api_keys WHERE ?1 IS NULL OR tenant = ?1 ORDER BY created_at, id",
      params: [tenant ?? null],
    });
    return rows.map(parseKeyRow);
  }

  async update(id: string, settings: KeySettings): Promise<KeyRecord | undefined> {
    await this.#database.query({
      sql: `UPDATE api_keys SET name = ?2, tenant = ?3, grants = ?4, tier = ?5, budget_tokens = ?6, budget_nano_usd = ?7,
          expires_at = ?8, generation = generation + 1
        WHERE id = ?1 AND revoked_at IS NULL`,
      params: [id, ...settingParams(settings)],
    });
    return await this.get(id);
  }

  async rotate(id: string, { hash, at, previousUntil }: Rotation): Promise<KeyRecord | undefined> {
    await this.#database.query({
      sql: `UPDATE api_keys SET previous_hash = hash, previous_until = ?4, hash = ?2, rotated_at = ?3, generation = generation + 1
        WHERE id = ?1 AND revoked_at IS NULL`,
      params: [id, hash, at, previousUntil],
    });
    return await this.get(id);
  }

  async revoke(id: string, at: number): Promise<KeyRecord | undefined> {
    await this.#database.query({
      sql: "UPDATE api_keys SET revoked_at = ?2, generation = generation + 1 WHERE id = ?1 AND revoked_at IS NULL",
      params: [id, at],
    });
    return await this.get(id);
  }
}

function settingParams({ name, tenant, grants, tier, budget, expiresAt }: KeySettings): (string | number | null)[] {
  const { tokens, nanoUsd } = budget;
  return [name, tenant, JSON.stringify(grants), tier, tokens ?? null, nanoUsd ?? null, expiresAt ?? null];
}

const grantsSchema = z.object({
  scopes: z.array(z.enum(SCOPES)),
  collections: z.array(z.string()),
  models: z.array(z.string()),
  routes: z.array(z.string()),
});

const optionalInt = z
  .int()
  .nullable()
  .transform((value) => value ?? undefined);

const rowSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    tenant: z.string(),
    hash: z.string(),
    previous_hash: z.string().nullable(),
    previous_until: z.int().nullable(),
    grants: z.string(),
    tier: z.string(),
    budget_tokens: optionalInt,
    budget_nano_usd: optionalInt,
    generation: z.int(),
    created_at: z.int(),
    expires_at: optionalInt,
    rotated_at: optionalInt,
    revoked_at: optionalInt,
  })
  .transform(({ previous_hash: hash, previous_until: until, ...row }): KeyRecord => ({
    id: row.id,
    name: row.name,
    tenant: row.tenant,
    hash: row.hash,
    previous: hash === null || until === null ? undefined : { hash, until },
    grants: grantsSchema.parse(JSON.parse(row.grants)),
    tier: row.tier,
    budget: { tokens: row.budget_tokens, nanoUsd: row.budget_nano_usd },
    generation: row.generation,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    rotatedAt: row.rotated_at,
    revokedAt: row.revoked_at,
  }));

function parseKeyRow(row: SqlRow): KeyRecord {
  return rowSchema.parse(row);
}
