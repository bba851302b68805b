/** The SQLite of a Durable Object (`node:sqlite` in tests): what is written is there before anyone else comes in. */
export interface SyncSql {
  /** Runs one statement with `?` for its parameters. */
  run(sql: string, ...params: readonly (string | number | null)[]): readonly Readonly<Record<string, unknown>>[];
  /** All of it takes effect, or none. */
  transaction<Result>(work: () => Result): Result;
}
