import { z } from "zod";
import type { SqlDatabase } from "../retrieval/sql-database.ts";
import type { ShadowRecord, ShadowStore, ShadowSummary } from "./shadow-record.ts";

/** The latest of a collection; older ones are deleted as new ones come. */
const KEPT_RECORDS = 10_000;

const COLLECTION_ID = "(SELECT id FROM collections WHERE name = ?1)";

const summaryRowSchema = z.object({
  served: z.string().nullable(),
  shadow: z.string().nullable(),
  requests: z.int(),
  mean_overlap: z.number(),
  changed_first: z.number(),
});

export interface SqlShadowStoreOptions {
  readonly database: SqlDatabase;
  /** Unix seconds. */
  readonly unixNow: () => number;
  /** Default 10,000 a collection. */
  readonly keptRecords?: number;
}

/** `ShadowStore` in SQL. */
export function createSqlShadowStore({
  database,
  unixNow,
  keptRecords = KEPT_RECORDS,
}: SqlShadowStoreOptions): ShadowStore {
  return {
    async add({ collection, requestId, mode, served, shadow, overlap, isSameFirst, query }: ShadowRecord) {
      await database.batch([
        {
          sql: `INSERT INTO shadow_retrievals
              (collection_id, created_at, request_id, mode, served, shadow, overlap, same_first, query)
            VALUES (${COLLECTION_ID}, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
          params: [
            collection,
            unixNow(),
            requestId ?? null,
            mode,
            JSON.stringify(served),
            JSON.stringify(shadow),
            overlap,
            Number(isSameFirst),
            query ?? null,
          ],
        },
        {
          sql: `DELETE FROM shadow_retrievals WHERE collection_id = ${COLLECTION_ID} AND id <= (
              SELECT id FROM shadow_retrievals WHERE collection_id = ${COLLECTION_ID}
              ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
          params: [collection, keptRecords],
        },
      ]);
    },

    async summarize(collection): Promise<readonly ShadowSummary[]> {
      const rows = await database.query({
        sql: `SELECT served ->> '$.adapter' AS served, shadow ->> '$.adapter' AS shadow, count(*) AS requests,
            avg(overlap) AS mean_overlap, avg(1.0 - same_first) AS changed_first
          FROM shadow_retrievals WHERE collection_id = ${COLLECTION_ID} GROUP BY 1, 2 ORDER BY requests DESC, 1, 2`,
        params: [collection],
      });
      return rows.map((row) => {
        const { served, shadow, requests, mean_overlap, changed_first } = summaryRowSchema.parse(row);
        return { served, shadow, requests, meanOverlap: mean_overlap, changedFirst: changed_first };
      });
    },
  };
}
