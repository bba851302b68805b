import type { SqlDatabase, SqlRow, SqlStatement } from "../retrieval/sql-database.ts";
import { AppError } from "../shared/errors.ts";

/** `SqlDatabase` over a D1 binding; D1 runs a batch as one transaction. */
export function createD1Database(database: D1Database): SqlDatabase {
  const prepare = ({ sql, params = [] }: SqlStatement): D1PreparedStatement => database.prepare(sql).bind(...params);
  return {
    async query(statement) {
      const { results } = await explained(() => prepare(statement).all<SqlRow>());
      return results;
    },
    async batch(statements) {
      if (statements.length === 0) {
        return [];
      }
      const replies = await explained(() => database.batch<SqlRow>(statements.map(prepare)));
      return replies.map(({ results }) => results);
    },
  };
}

/** Size of the database; undefined where the platform does not tell it. */
export async function readD1Bytes(database: D1Database): Promise<number | undefined> {
  const { meta } = await database.prepare("SELECT 1").all();
  return meta.size_after > 0 ? meta.size_after : undefined;
}

/** A database without our tables is the one failure of D1 that a person has to mend, and commonly meets first. */
async function explained<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (
      error instanceof Error &&
      /no such table: (?:collections|passages|documents|document_versions|staged_passages|files|file_batches|api_keys|usage_records|usage_days)\b/.test(
        error.message,
      )
    ) {
      throw new AppError(
        "configuration_invalid",
        "the D1 database has no tables yet; run `wrangler d1 migrations apply DB` (with --local, or --remote --env production)",
        { cause: error },
      );
    }
    throw error;
  }
}
