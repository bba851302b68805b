/** A value that SQLite stores and that survives D1's JSON transport. */
export type SqlValue = string | number | null;

/** One row; columns by name. Whoever asked checks the shape. */
export type SqlRow = Readonly<Record<string, unknown>>;

export interface SqlStatement {
  /** Exactly one statement with `?1`, `?2`, … for its parameters. */
  readonly sql: string;
  /** At most 100, D1's limit. */
  readonly params?: readonly SqlValue[];
}

/**
 * The SQLite that text and full-text search live in: D1 in the Worker, `node:sqlite` offline and in tests. Nothing
 * above this interface knows which, so that what was evaluated offline is what serves.
 */
export interface SqlDatabase {
  /** Runs one statement and returns its rows (none for a statement that yields none). */
  query(statement: SqlStatement): Promise<readonly SqlRow[]>;
  /** Runs all statements in one transaction: all of them take effect or none. Returns the rows of each. */
  batch(statements: readonly SqlStatement[]): Promise<readonly (readonly SqlRow[])[]>;
}
