import { refusalToOpen, refusalToReserve, rateState } from "./admission-rules.ts";
import type {
  Admission,
  Allowance,
  Claim,
  ClaimRequest,
  Refusal,
  Reservation,
  StoredResponse,
  Wanted,
} from "./key-ledger.ts";
import { createLedgerTables, type LedgerTables } from "./ledger-tables.ts";
import { settleRequest, settleSilent } from "./settlement.ts";
import type { SyncSql } from "./sync-sql.ts";
import type { UsageSink } from "./usage-outbox.ts";
import type { UsageEnding, UsageSubject } from "./usage-record.ts";

/** A request that was not heard of for this long is lost: its isolate is gone. Requests are renewed three times as often. */
export const SILENCE_MILLISECONDS = 60_000;

export interface CountingLedgerOptions {
  readonly sql: SyncSql;
  /** Milliseconds since 1970: the only clock that counts, whatever those of the isolates say. It may jump. */
  readonly now: () => number;
}

/**
 * `KeyLedger` over a SQLite of its own, for one key. Everything but `flush` is synchronous: nothing comes in between a rule
 * and what it allows.
 */
export class CountingLedger {
  readonly #tables: LedgerTables;
  readonly #now: () => number;

  constructor({ sql, now }: CountingLedgerOptions) {
    this.#tables = createLedgerTables(sql);
    this.#now = now;
    sql.run(
      "CREATE TABLE IF NOT EXISTS generations (id INTEGER PRIMARY KEY CHECK (id = 0), generation INTEGER NOT NULL)",
    );
  }

  open(subject: UsageSubject, allowance: Allowance, first?: Wanted): Admission {
    const { sql, open, outbox, requests } = this.#tables;
    const now = this.#now();
    settleSilent(this.#tables, now);
    if (this.#isStale(allowance)) {
      return this.#refuse({ reason: "stale" }, allowance, now);
    }
    return sql.transaction(() => {
      // Told again: the answer to the first time got lost.
      if (open.get(subject.id) === undefined && outbox.endOf(subject.id) === undefined) {
        const refusal = refusalToOpen(this.#tables, { ...allowance, now });
        if (refusal !== undefined) {
          return this.#refuse(refusal, allowance, now);
        }
        requests.add(1, now);
        open.add(subject, { now, aliveUntil: now + SILENCE_MILLISECONDS });
      }
      if (first !== undefined && open.get(subject.id)?.held.length === 0) {
        return this.#hold({ id: subject.id, allowance, ...first }, now);
      }
      return this.#admit(allowance, now);
    });
  }

  reserve(reservation: Reservation): Admission {
    const { sql, open } = this.#tables;
    const now = this.#now();
    settleSilent(this.#tables, now);
    return sql.transaction(() =>
      open.get(reservation.id) === undefined
        ? this.#refuse({ reason: "lost" }, reservation.allowance, now)
        : this.#hold(reservation, now),
    );
  }

  renew(id: string, sofar: UsageEnding): void {
    this.#tables.open.renew(id, { aliveUntil: this.#now() + SILENCE_MILLISECONDS, sofar });
  }

  settle(subject: UsageSubject, ending: UsageEnding): void {
    settleRequest(this.#tables, { subject, ending, now: this.#now() });
  }

  claim(request: ClaimRequest): Claim {
    const now = this.#now();
    settleSilent(this.#tables, now);
    const { sql, claims, open } = this.#tables;
    return sql.transaction(() => claims.claim(request, { now, isOpen: (id) => open.get(id) !== undefined }));
  }

  complete(key: string, owner: string, response: StoredResponse): void {
    this.#tables.claims.complete(key, owner, response);
  }

  release(key: string, owner: string): void {
    this.#tables.claims.release(key, owner);
  }

  changed(generation: number): void {
    this.#tables.sql.run(
      "INSERT INTO generations VALUES (0, ?) ON CONFLICT DO UPDATE SET generation = max(generation, excluded.generation)",
      generation,
    );
  }

  /** Ends what was not heard of for too long. */
  sweep(): void {
    settleSilent(this.#tables, this.#now());
  }

  async flush(sink: UsageSink): Promise<void> {
    await this.#tables.outbox.flush(sink);
  }

  hasRecords(): boolean {
    return !this.#tables.outbox.isEmpty();
  }

  /** When `sweep` will have something to do, as far as is known. */
  nextSilence(): number | undefined {
    return this.#tables.open.nextSilence();
  }

  #hold(reservation: Reservation, now: number): Admission {
    const { open, tokens } = this.#tables;
    const { id, allowance, ...wanted } = reservation;
    const refusal = refusalToReserve(this.#tables, reservation, now);
    if (refusal !== undefined) {
      return this.#refuse(refusal, allowance, now);
    }
    tokens.add(wanted.tokens, now);
    open.hold(id, { ...wanted, at: now });
    return this.#admit(allowance, now);
  }

  #isStale({ generation }: Allowance): boolean {
    const [row] = this.#tables.sql.run("SELECT generation FROM generations");
    const known = row?.["generation"];
    if (typeof known === "number" && generation < known) {
      return true;
    }
    if (generation !== known) {
      this.changed(generation);
    }
    return false;
  }

  #admit({ limits }: Allowance, now: number): Admission {
    return { admitted: true, state: rateState(this.#tables, limits, now) };
  }

  #refuse(refusal: Refusal, { limits }: Allowance, now: number): Admission {
    return { admitted: false, refusal, state: rateState(this.#tables, limits, now) };
  }
}
