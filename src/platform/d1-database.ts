import type { SqlDatabase, SqlRow, SqlStatement } from "../retrieval/sql-database.ts";

/** `SqlDatabase` over a D1 binding; D1 runs a batch as one transaction. */
export function createD1Database(database: D1Database): SqlDatabase {
  const prepare = ({ sql, params = [] }: SqlStatement): D1PreparedStatement => database.prepare(sql).bind(...params);
  return {
    async query(statement) {
      const { results } = await prepare(statement).all<SqlRow>();
      return results;
    },
    async batch(statements) {
      if (statements.length > 0) {
        await database.batch(statements.map(prepare));
      }
    },
  };
}
