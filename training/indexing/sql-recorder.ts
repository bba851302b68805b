import type { SqlDatabase, SqlStatement, SqlValue } from "../../src/retrieval/sql-database.ts";
import { AppError } from "../../src/shared/errors.ts";

/** A database that keeps, beside running it, every statement that writes, as SQL text without parameters. */
export interface SqlRecorder extends SqlDatabase {
  /** The statements since the last call, each ending in `;\n`. */
  take(): string[];
}

/**
 * Wraps a database so that what the passage store does to it can be done again elsewhere by a SQL file: the layout is
 * the store's own, there is no second copy of it.
 */
export function recordSql(database: SqlDatabase): SqlRecorder {
  let recorded: string[] = [];
  const record = (statement: SqlStatement): void => {
    if (!/^\s*SELECT\b/iu.test(statement.sql)) {
      recorded.push(`${inlineParameters(statement)};\n`);
    }
  };
  return {
    async query(statement) {
      const rows = await database.query(statement);
      record(statement);
      return rows;
    },
    async batch(statements) {
      const rows = await database.batch(statements);
      for (const statement of statements) {
        record(statement);
      }
      return rows;
    },
    take() {
      const taken = recorded;
      recorded = [];
      return taken;
    },
  };
}

/**
 * A statement with its `?1`, `?2`, … written out as SQL literals, on one line. Question marks inside of quotes are text.
 * @throws AppError `internal` for a parameter that was not given.
 */
export function inlineParameters({ sql, params = [] }: SqlStatement): string {
  return sql.replaceAll(
    /'(?:[^']|'')*'|"(?:[^"]|"")*"|\?(?<number>\d+)|\s+/gu,
    (match: string, number: string | undefined) => {
      if (number === undefined) {
        return /^\s/u.test(match) ? " " : match;
      }
      const value = params[Number(number) - 1];
      if (value === undefined) {
        throw new AppError("internal", `parameter ?${number} was not given`);
      }
      return toSqlLiteral(value);
    },
  );
}

function toSqlLiteral(value: SqlValue): string {
  if (value === null) {
    return "NULL";
  }
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
