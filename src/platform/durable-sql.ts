import type { SyncSql } from "../usage/sync-sql.ts";

/** A Durable Object's SQLite as `SyncSql`. */
export function createDurableSql(storage: DurableObjectStorage): SyncSql {
  return {
    run: (sql, ...params) => storage.sql.exec(sql, ...params).toArray(),
    transaction: (work) => storage.transactionSync(work),
  };
}
