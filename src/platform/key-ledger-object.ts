import { DurableObject } from "cloudflare:workers";
import { CountingLedger } from "../usage/counting-ledger.ts";
import type {
  Admission,
  Allowance,
  Claim,
  ClaimRequest,
  KeyLedger,
  Reservation,
  StoredResponse,
  Wanted,
} from "../usage/key-ledger.ts";
import { SqlUsageStore } from "../usage/sql-usage-store.ts";
import type { UsageSink } from "../usage/usage-outbox.ts";
import type { UsageEnding, UsageSubject } from "../usage/usage-record.ts";
import { createD1Database } from "./d1-database.ts";
import { createDurableSql } from "./durable-sql.ts";
import { withUsageEvents } from "./usage-events.ts";

export interface KeyLedgerEnv {
  readonly DB: D1Database;
  /** Analytics Engine, where a deployment has it. */
  readonly USAGE_EVENTS?: AnalyticsEngineDataset;
}

/** Records wait this long for others, so that a busy key writes to the database once a second. */
const FLUSH_DELAY_MS = 1_000;
/** The longest pause after the database has failed; each is twice the one before. */
const MAX_FLUSH_DELAY_MS = 60_000;

/** The Durable Object that counts for one key: its SQLite, its clock, and the alarm that hands records over. */
export class KeyLedgerObject extends DurableObject<KeyLedgerEnv> implements KeyLedger {
  readonly #ledger: CountingLedger;
  readonly #sink: UsageSink;
  #alarmAt: number | undefined;
  #flushDelayMs = FLUSH_DELAY_MS;
  #flushing: Promise<void> | undefined;

  constructor(context: DurableObjectState, env: KeyLedgerEnv) {
    super(context, env);
    this.#ledger = new CountingLedger({ sql: createDurableSql(context.storage), now: () => Date.now() });
    this.#sink = withUsageEvents(new SqlUsageStore(createD1Database(env.DB)), env.USAGE_EVENTS);
  }

  async open(subject: UsageSubject, allowance: Allowance, first?: Wanted): Promise<Admission> {
    const admission = this.#ledger.open(subject, allowance, first);
    await this.#schedule();
    return admission;
  }

  async reserve(reservation: Reservation): Promise<Admission> {
    return this.#ledger.reserve(reservation);
  }

  async renew(id: string, sofar: UsageEnding): Promise<void> {
    this.#ledger.renew(id, sofar);
  }

  async settle(subject: UsageSubject, ending: UsageEnding): Promise<void> {
    this.#ledger.settle(subject, ending);
    await this.#schedule();
  }

  async claim(request: ClaimRequest): Promise<Claim> {
    return this.#ledger.claim(request);
  }

  async complete(key: string, owner: string, response: StoredResponse): Promise<void> {
    this.#ledger.complete(key, owner, response);
  }

  async release(key: string, owner: string): Promise<void> {
    this.#ledger.release(key, owner);
  }

  async changed(generation: number): Promise<void> {
    this.#ledger.changed(generation);
  }

  async flush(): Promise<void> {
    // One at a time: two would send the same records, which the database takes once, but for nothing.
    this.#flushing ??= this.#ledger.flush(this.#sink).finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = undefined;
    this.#ledger.sweep();
    try {
      await this.flush();
      this.#flushDelayMs = FLUSH_DELAY_MS;
    } catch {
      // The records stay where they are; the database is asked again, less and less often.
      this.#flushDelayMs = Math.min(this.#flushDelayMs * 2, MAX_FLUSH_DELAY_MS);
    }
    await this.#schedule();
  }

  /** Sets the alarm, unless an earlier one is set. */
  async #schedule(): Promise<void> {
    const flushAt = this.#ledger.hasRecords() ? Date.now() + this.#flushDelayMs : Number.POSITIVE_INFINITY;
    const at = Math.min(flushAt, this.#ledger.nextSilence() ?? Number.POSITIVE_INFINITY);
    if (at !== Number.POSITIVE_INFINITY && at < (this.#alarmAt ?? Number.POSITIVE_INFINITY)) {
      this.#alarmAt = at;
      await this.ctx.storage.setAlarm(at);
    }
  }
}
