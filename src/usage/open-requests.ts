import { z } from "zod";
import type { SyncSql } from "./sync-sql.ts";
import type { UsageEnding, UsageSubject } from "./usage-record.ts";

/** A held amount of tokens and the time at which it was counted. */
interface HeldTokens {
  readonly at: number;
  readonly tokens: number;
}

/** A request under way. */
export interface OpenRequest {
  readonly subject: UsageSubject;
  readonly openedAt: number;
  readonly stream: boolean;
  readonly held: readonly HeldTokens[];
  readonly heldNanoUsd: number;
  /** As far as it was last heard of. */
  readonly sofar: UsageEnding | null;
}

export interface Held {
  readonly tokens: number;
  readonly nanoUsd: number;
}

const rowSchema = z
  .object({
    opened_at: z.int(),
    stream: z.int(),
    held_nano_usd: z.int(),
    subject: z.string(),
    held: z.string(),
    sofar: z.string().nullable(),
  })
  .transform(({ opened_at, stream, held_nano_usd, subject, held, sofar }): OpenRequest => ({
    openedAt: opened_at,
    stream: stream === 1,
    heldNanoUsd: held_nano_usd,
    // Written below and nowhere else.
    subject: JSON.parse(subject) as UsageSubject,
    held: JSON.parse(held) as readonly HeldTokens[],
    sofar: sofar === null ? null : (JSON.parse(sofar) as UsageEnding),
  }));

const sumSchema = z.object({ tokens: z.int().nullable(), nano_usd: z.int().nullable() });

/** Requests under way, each for as long as it is heard of. Rows of a ledger's SQLite; no rules. */
export class OpenRequests {
  readonly #sql: SyncSql;

  constructor(sql: SyncSql) {
    this.#sql = sql;
    sql.run(`CREATE TABLE IF NOT EXISTS open_requests (
      id TEXT PRIMARY KEY, subject TEXT NOT NULL, opened_at INTEGER NOT NULL, alive_until INTEGER NOT NULL,
      stream INTEGER NOT NULL DEFAULT 0, held TEXT NOT NULL DEFAULT '[]', held_tokens INTEGER NOT NULL DEFAULT 0,
      held_nano_usd INTEGER NOT NULL DEFAULT 0, sofar TEXT
    ) WITHOUT ROWID`);
  }

  add(subject: UsageSubject, { now, aliveUntil }: { readonly now: number; readonly aliveUntil: number }): void {
    this.#sql.run(
      "INSERT OR IGNORE INTO open_requests (id, subject, opened_at, alive_until) VALUES (?, ?, ?, ?)",
      subject.id,
      JSON.stringify(subject),
      now,
      aliveUntil,
    );
  }

  get(id: string): OpenRequest | undefined {
    const [row] = this.#sql.run("SELECT * FROM open_requests WHERE id = ?", id);
    return row === undefined ? undefined : rowSchema.parse(row);
  }

  hold(id: string, { at, tokens, nanoUsd, stream }: HeldTokens & Held & { readonly stream: boolean }): void {
    this.#sql.run(
      `UPDATE open_requests SET held = json_insert(held, '$[#]', json(?)), held_tokens = held_tokens + ?,
         held_nano_usd = held_nano_usd + ?, stream = max(stream, ?) WHERE id = ?`,
      JSON.stringify({ at, tokens } satisfies HeldTokens),
      tokens,
      nanoUsd,
      stream ? 1 : 0,
      id,
    );
  }

  renew(id: string, { aliveUntil, sofar }: { readonly aliveUntil: number; readonly sofar: UsageEnding }): void {
    this.#sql.run(
      "UPDATE open_requests SET alive_until = ?, sofar = ? WHERE id = ?",
      aliveUntil,
      JSON.stringify(sofar),
      id,
    );
  }

  remove(id: string): void {
    this.#sql.run("DELETE FROM open_requests WHERE id = ?", id);
  }

  /** Streams of other requests than this one. */
  otherStreams(id: string): number {
    return this.#sql.run("SELECT id FROM open_requests WHERE stream = 1 AND id <> ?", id).length;
  }

  /** What all of them hold together. */
  held(): Held {
    const [row] = this.#sql.run("SELECT sum(held_tokens) AS tokens, sum(held_nano_usd) AS nano_usd FROM open_requests");
    const { tokens, nano_usd } = sumSchema.parse(row);
    return { tokens: tokens ?? 0, nanoUsd: nano_usd ?? 0 };
  }

  /** Those that were not heard of for too long. */
  silentAt(now: number): readonly OpenRequest[] {
    return this.#sql
      .run("SELECT * FROM open_requests WHERE alive_until <= ? ORDER BY opened_at, id", now)
      .map((row) => rowSchema.parse(row));
  }

  /** When the next of them will have been silent for too long. */
  nextSilence(): number | undefined {
    const [row] = this.#sql.run("SELECT min(alive_until) AS at FROM open_requests");
    const at = row?.["at"];
    return typeof at === "number" ? at : undefined;
  }
}
