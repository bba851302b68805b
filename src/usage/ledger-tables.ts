import { IdempotencyClaims } from "./idempotency-claims.ts";
import { MonthlySpend } from "./monthly-spend.ts";
import { OpenRequests } from "./open-requests.ts";
import { SlidingWindow } from "./sliding-window.ts";
import type { SyncSql } from "./sync-sql.ts";
import { UsageOutbox } from "./usage-outbox.ts";

/** What a ledger keeps, each in tables of its own. */
export interface LedgerTables {
  readonly sql: SyncSql;
  readonly requests: SlidingWindow;
  readonly tokens: SlidingWindow;
  readonly open: OpenRequests;
  readonly spend: MonthlySpend;
  readonly outbox: UsageOutbox;
  readonly claims: IdempotencyClaims;
}

/** Creates what is not there yet. */
export function createLedgerTables(sql: SyncSql): LedgerTables {
  return {
    sql,
    requests: new SlidingWindow(sql, "requests"),
    tokens: new SlidingWindow(sql, "tokens"),
    open: new OpenRequests(sql),
    spend: new MonthlySpend(sql),
    outbox: new UsageOutbox(sql),
    claims: new IdempotencyClaims(sql),
  };
}
