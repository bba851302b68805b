import { DatabaseSync } from "node:sqlite";
import type { SyncSql } from "../../src/usage/sync-sql.ts";

/** A SQLite in memory, as a Durable Object has one. */
export function nodeSyncSql(): SyncSql {
  const database = new DatabaseSync(":memory:");
  return {
    run: (sql, ...params) => database.prepare(sql).all(...params),
    transaction: (work) => {
      database.exec("BEGIN");
      try {
        const result = work();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
  };
}
