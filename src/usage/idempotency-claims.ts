import { z } from "zod";
import type { Claim, ClaimRequest, StoredResponse } from "./key-ledger.ts";
import type { SyncSql } from "./sync-sql.ts";

/** As long as Stripe and others keep theirs. */
const KEPT_MILLISECONDS = 86_400_000;

const rowSchema = z.object({ fingerprint: z.string(), owner: z.string(), response: z.string().nullable() });

export interface ClaimOptions {
  readonly now: number;
  /** Whether a request is still under way. */
  readonly isOpen: (id: string) => boolean;
}

/** `Idempotency-Key`s of one API key's requests, with the responses to repeat. Rows of a ledger's SQLite. */
export class IdempotencyClaims {
  readonly #sql: SyncSql;

  constructor(sql: SyncSql) {
    this.#sql = sql;
    sql.run(
      "CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, owner TEXT NOT NULL, claimed_at INTEGER NOT NULL, response TEXT)",
    );
  }

  /** A claim whose owner is gone without a response (its isolate died) is anyone's. */
  claim({ key, fingerprint, owner }: ClaimRequest, { now, isOpen }: ClaimOptions): Claim {
    this.#sql.run("DELETE FROM claims WHERE claimed_at <= ?", now - KEPT_MILLISECONDS);
    const [found] = this.#sql.run("SELECT fingerprint, owner, response FROM claims WHERE key = ?", key);
    if (found !== undefined) {
      const row = rowSchema.parse(found);
      if (row.response === null && row.owner !== owner && !isOpen(row.owner)) {
        this.#sql.run("DELETE FROM claims WHERE key = ?", key);
      } else if (row.fingerprint !== fingerprint) {
        return { state: "mismatch" };
      } else if (row.response !== null) {
        // Written below and nowhere else.
        return { state: "done", response: JSON.parse(row.response) as StoredResponse };
      } else {
        return { state: row.owner === owner ? "claimed" : "running" };
      }
    }
    this.#sql.run(
      "INSERT INTO claims (key, fingerprint, owner, claimed_at) VALUES (?, ?, ?, ?)",
      key,
      fingerprint,
      owner,
      now,
    );
    return { state: "claimed" };
  }

  /** Keeps the response; ignored when the claim has gone over to somebody else. */
  complete(key: string, owner: string, response: StoredResponse): void {
    this.#sql.run(
      "UPDATE claims SET response = ? WHERE key = ? AND owner = ? AND response IS NULL",
      JSON.stringify(response),
      key,
      owner,
    );
  }

  /** Lets the next request with the key be the first again. */
  release(key: string, owner: string): void {
    this.#sql.run("DELETE FROM claims WHERE key = ? AND owner = ? AND response IS NULL", key, owner);
  }
}
