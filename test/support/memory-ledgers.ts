import { CountingLedger } from "../../src/usage/counting-ledger.ts";
import type { KeyLedger } from "../../src/usage/key-ledger.ts";
import type { UsageRecord } from "../../src/usage/usage-record.ts";
import { nodeSyncSql } from "./node-sync-sql.ts";

export interface MemoryLedgers {
  readonly ledgerOf: (keyId: string) => KeyLedger;
  /** What the ledgers have handed over, after a flush of all. */
  readonly records: () => Promise<readonly UsageRecord[]>;
}

/** Ledgers as the Worker's objects have them, in memory, whose database takes everything. */
export function memoryLedgers(now: () => number = () => Date.now()): MemoryLedgers {
  const ledgers = new Map<string, CountingLedger>();
  const taken: UsageRecord[] = [];
  const sink = {
    insert: (records: readonly UsageRecord[]): Promise<void> => {
      taken.push(...records);
      return Promise.resolve();
    },
  };
  const of = (keyId: string): CountingLedger => {
    const ledger = ledgers.get(keyId) ?? new CountingLedger({ sql: nodeSyncSql(), now });
    ledgers.set(keyId, ledger);
    return ledger;
  };
  return {
    ledgerOf: (keyId) => asKeyLedger(of(keyId), () => of(keyId).flush(sink)),
    records: async () => {
      await Promise.all([...ledgers.values()].map((ledger) => ledger.flush(sink)));
      return taken;
    },
  };
}

function asKeyLedger(ledger: CountingLedger, flush: () => Promise<void>): KeyLedger {
  return {
    open: async (...args) => ledger.open(...args),
    reserve: async (...args) => ledger.reserve(...args),
    renew: async (...args) => ledger.renew(...args),
    settle: async (...args) => ledger.settle(...args),
    claim: async (...args) => ledger.claim(...args),
    complete: async (...args) => ledger.complete(...args),
    release: async (...args) => ledger.release(...args),
    changed: async (...args) => ledger.changed(...args),
    flush,
  };
}
