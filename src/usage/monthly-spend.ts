import { z } from "zod";
import type { SyncSql } from "./sync-sql.ts";

export interface Spend {
  readonly tokens: number;
  readonly nanoUsd: number;
}

const rowSchema = z.object({ tokens: z.int(), nano_usd: z.int() });

/** What a key has spent, by calendar month (UTC). Rows of a ledger's SQLite. */
export class MonthlySpend {
  readonly #sql: SyncSql;

  constructor(sql: SyncSql) {
    this.#sql = sql;
    sql.run(
      "CREATE TABLE IF NOT EXISTS months (month TEXT PRIMARY KEY, tokens INTEGER NOT NULL, nano_usd INTEGER NOT NULL) WITHOUT ROWID",
    );
  }

  /** Adds to the month of `at`; a correction may be negative. */
  add({ tokens, nanoUsd }: Spend, at: number): void {
    this.#sql.run(
      "INSERT INTO months VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens, nano_usd = nano_usd + excluded.nano_usd",
      monthOf(at),
      tokens,
      nanoUsd,
    );
  }

  of(at: number): Spend {
    const [row] = this.#sql.run("SELECT tokens, nano_usd FROM months WHERE month = ?", monthOf(at));
    if (row === undefined) {
      return { tokens: 0, nanoUsd: 0 };
    }
    const { tokens, nano_usd: nanoUsd } = rowSchema.parse(row);
    return { tokens, nanoUsd };
  }
}

/** `2026-11` */
function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7);
}
