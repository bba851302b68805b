import { z } from "zod";
import type { SqlDatabase } from "../retrieval/sql-database.ts";
import type { UsageRecord } from "./usage-record.ts";
import type { UsageGroup, UsageQuery, UsageStore, UsageSum } from "./usage-store.ts";

const COLUMN_OF_GROUP = {
  tenant: "tenant",
  key: "key_id",
  day: "day",
  model: "model",
} as const satisfies Record<UsageGroup, string>;

const sumSchema = z
  .object({
    tenant: z.string().optional(),
    key: z.string().optional(),
    day: z.string().optional(),
    model: z.string().optional(),
    requests: z.int(),
    completed: z.int(),
    failed: z.int(),
    refused: z.int(),
    aborted: z.int(),
    lost: z.int(),
    retrievals: z.int(),
    embed_tokens: z.int(),
    vectors_queried: z.int(),
    context_tokens: z.int(),
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    nano_usd: z.int(),
  })
  .transform(
    ({ embed_tokens, vectors_queried, context_tokens, prompt_tokens, completion_tokens, nano_usd, ...rest }) => ({
      ...rest,
      embedTokens: embed_tokens,
      vectorsQueried: vectors_queried,
      contextTokens: context_tokens,
      promptTokens: prompt_tokens,
      completionTokens: completion_tokens,
      nanoUsd: nano_usd,
    }),
  );

/** `UsageStore` in SQL, over the tables of `0005_usage.sql` and `0007_cached_usage.sql`. */
export class SqlUsageStore implements UsageStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** In one transaction. A record that was lost gives way to one that says more. */
  async insert(records: readonly UsageRecord[]): Promise<void> {
    // Of one request told twice the later word counts.
    const unique = new Map(records.map((record) => [record.id, record]));
    const rows = JSON.stringify([...unique.values()].map(toRow));
    await this.#database.batch([
      {
        sql: `DELETE FROM usage_records WHERE outcome = 'lost' AND id IN (
          SELECT value ->> '$[0]' FROM json_each(?1) WHERE value ->> '$[7]' <> 'lost')`,
        params: [rows],
      },
      {
        sql: `INSERT OR IGNORE INTO usage_records (id, key_id, tenant, request_id, method, path, started_at, outcome, status,
            error_code, model, target, counted_by, retrievals, embed_tokens, vectors_queried, context_tokens, prompt_tokens,
            completion_tokens, nano_usd, duration_ms, stages, cached)
          SELECT ${Array.from({ length: COLUMNS }, (_, index) => `value ->> '$[${index}]'`).join(", ")} FROM json_each(?1)`,
        params: [rows],
      },
    ]);
  }

  async sum({ groupBy, from, to, keyId, tenant, model }: UsageQuery): Promise<readonly UsageSum[]> {
    const columns = groupBy.map((group) => COLUMN_OF_GROUP[group]);
    const named = groupBy.map((group) => `${COLUMN_OF_GROUP[group]} AS "${group}", `).join("");
    const rows = await this.#database.query({
      sql: `SELECT ${named}${SUMS} FROM usage_days
        WHERE (?1 IS NULL OR day >= ?1) AND (?2 IS NULL OR day <= ?2) AND (?3 IS NULL OR key_id = ?3)
          AND (?4 IS NULL OR tenant = ?4) AND (?5 IS NULL OR model = ?5)
        ${columns.length === 0 ? "" : `GROUP BY ${columns.join(", ")} ORDER BY ${columns.join(", ")}`}`,
      params: [from ?? null, to ?? null, keyId ?? null, tenant ?? null, model ?? null],
    });
    return rows.map((row) => sumSchema.parse(row) as UsageSum);
  }
}

const COLUMNS = 23;

/** In the order of the statement above. */
function toRow(record: UsageRecord): readonly unknown[] {
  const { counts } = record;
  return [
    record.id,
    record.keyId,
    record.tenant,
    record.requestId,
    record.method,
    record.path,
    record.startedAt,
    record.outcome,
    record.status,
    record.errorCode,
    record.model ?? "",
    record.target ?? "",
    record.countedBy,
    counts.retrievals,
    counts.embedTokens,
    counts.vectorsQueried,
    counts.contextTokens,
    counts.promptTokens,
    counts.completionTokens,
    counts.nanoUsd,
    record.durationMs,
    JSON.stringify(record.stages),
    // Absent in a record that an older Worker has left in an outbox.
    record.cached ?? "",
  ];
}

const SUMS = [
  "requests",
  "completed",
  "failed",
  "refused",
  "aborted",
  "lost",
  "retrievals",
  "embed_tokens",
  "vectors_queried",
  "context_tokens",
  "prompt_tokens",
  "completion_tokens",
  "nano_usd",
]
  .map((column) => `coalesce(sum(${column}), 0) AS ${column}`)
  .join(", ");
