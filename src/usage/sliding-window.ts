import { z } from "zod";
import type { SyncSql } from "./sync-sql.ts";

/** A minute in slots of a second: 60 rows at most, whatever the traffic. */
const SLOT_MILLISECONDS = 1000;
const SLOTS = 60;

const rowSchema = z.object({ second: z.int(), amount: z.int() });

export interface WindowState {
  readonly used: number;
  /** Milliseconds until all of it is forgotten. */
  readonly resetMs: number;
}

/**
 * Amounts of the last minute, in slots of a second. A sliding window and not a token bucket, because the promise then is
 * the one in the price list: no stretch of 60 seconds has more than the limit. (A full bucket that is also refilled lets
 * twice the limit through in its first minute, and a window that starts anew at each full minute does around its edge.)
 * A slot counts until the end of the second that it would leave in, so the error is at most a second, on the strict side.
 *
 * Clocks may jump. Slots of the future count as the present one, so that a clock set back neither frees what was used nor
 * blocks for longer than a minute.
 */
export class SlidingWindow {
  readonly #sql: SyncSql;
  readonly #kind: string;

  /** The table is shared: `kind` tells windows apart. */
  constructor(sql: SyncSql, kind: string) {
    this.#sql = sql;
    this.#kind = kind;
    sql.run(
      "CREATE TABLE IF NOT EXISTS slots (kind TEXT NOT NULL, second INTEGER NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (kind, second)) WITHOUT ROWID",
    );
  }

  /** Adds to the slot of `at`, or takes away (what was reserved and not used); slots that are over are left alone. */
  add(amount: number, at: number): void {
    this.#sql.run(
      "INSERT INTO slots VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = max(0, amount + excluded.amount)",
      this.#kind,
      secondOf(at),
      amount,
    );
  }

  state(now: number): WindowState {
    const slots = this.#slots(now);
    const last = slots.at(-1);
    return {
      used: slots.reduce((sum, { amount }) => sum + amount, 0),
      resetMs: last === undefined ? 0 : leavesAt(last.second) - now,
    };
  }

  /** Milliseconds until `amount` more fits under `limit`; 0: now; Infinity: it is more than the limit itself. */
  waitFor(amount: number, { limit, now }: { readonly limit: number; readonly now: number }): number {
    if (amount > limit) {
      return Number.POSITIVE_INFINITY;
    }
    const slots = this.#slots(now);
    let excess = slots.reduce((sum, slot) => sum + slot.amount, amount - limit);
    if (excess <= 0) {
      return 0;
    }
    for (const slot of slots) {
      excess -= slot.amount;
      if (excess <= 0) {
        return leavesAt(slot.second) - now;
      }
    }
    return 0;
  }

  /** Oldest first; what is over is forgotten. */
  #slots(now: number): readonly { readonly second: number; readonly amount: number }[] {
    const present = secondOf(now);
    this.#sql.run("DELETE FROM slots WHERE kind = ? AND (second < ? OR amount <= 0)", this.#kind, present - SLOTS);
    this.#moveFutureSlots(present);
    return this.#sql
      .run("SELECT second, amount FROM slots WHERE kind = ? ORDER BY second", this.#kind)
      .map((row) => rowSchema.parse(row));
  }

  #moveFutureSlots(present: number): void {
    const [row] = this.#sql.run(
      "SELECT sum(amount) AS amount FROM slots WHERE kind = ? AND second > ?",
      this.#kind,
      present,
    );
    const ahead = row?.["amount"];
    if (typeof ahead === "number") {
      this.#sql.run("DELETE FROM slots WHERE kind = ? AND second > ?", this.#kind, present);
      this.add(ahead, present * SLOT_MILLISECONDS);
    }
  }
}

function secondOf(at: number): number {
  return Math.floor(at / SLOT_MILLISECONDS);
}

/** Slot `second` is counted while `secondOf(now) - second <= SLOTS`. */
function leavesAt(second: number): number {
  return (second + SLOTS + 1) * SLOT_MILLISECONDS;
}
