import type { LedgerTables } from "./ledger-tables.ts";
import type { OpenRequest } from "./open-requests.ts";
import { countedTokens, NO_USAGE, type UsageEnding, type UsageRecord, type UsageSubject } from "./usage-record.ts";

/**
 * Ends a request: counts what it has used in the month in which it began, puts right what was held in the window of tokens,
 * and keeps its record for the database; all of it or none. A request that has ended stays as it is, but for one that was
 * lost and turns out to be alive: what was counted of it is put right.
 */
export function settleRequest(
  tables: LedgerTables,
  { subject, ending, now }: { readonly subject: UsageSubject; readonly ending: UsageEnding; readonly now: number },
): void {
  const { sql, open, spend, outbox } = tables;
  sql.transaction(() => {
    const end = outbox.endOf(subject.id);
    if (end === "ended") {
      return;
    }
    const request = open.get(subject.id);
    const startedAt = end?.startedAt ?? request?.openedAt ?? now - Math.round(ending.durationMs);
    const record: UsageRecord = { ...subject, ...ending, startedAt };
    const tokens = countedTokens(ending.counts);
    const before = end?.counts ?? NO_USAGE;
    spend.add(
      { tokens: tokens - countedTokens(before), nanoUsd: ending.counts.nanoUsd - before.nanoUsd },
      record.startedAt,
    );
    correctTokens(tables, { held: request?.held ?? [], tokens: tokens - countedTokens(before), now });
    open.remove(subject.id);
    outbox.put(record);
  });
}

interface CorrectTokensOptions {
  readonly held: OpenRequest["held"];
  /** What was really used. */
  readonly tokens: number;
  readonly now: number;
}

/** What was held first was used first; what was held for nothing comes back, what was not held counts from now on. */
function correctTokens({ tokens: window }: LedgerTables, { held, tokens, now }: CorrectTokensOptions): void {
  let left = tokens;
  for (const { at, tokens: amount } of held) {
    const used = Math.max(0, Math.min(amount, left));
    left -= used;
    if (used < amount) {
      // A slot of the future has been moved to the present since, see `SlidingWindow`.
      window.add(used - amount, Math.min(at, now));
    }
  }
  if (left > 0) {
    window.add(left, now);
  }
}

/** Ends every request that was not heard of for too long, as far as it was heard of. */
export function settleSilent(tables: LedgerTables, now: number): void {
  for (const { subject, sofar, openedAt } of tables.open.silentAt(now)) {
    const durationMs = Math.max(0, now - openedAt);
    settleRequest(tables, { subject, ending: { ...(sofar ?? UNHEARD), outcome: "lost", durationMs }, now });
  }
}

/** What is known of a request that was never heard of again. */
const UNHEARD: Omit<UsageEnding, "outcome" | "durationMs"> = {
  status: 0,
  errorCode: null,
  counts: NO_USAGE,
  model: null,
  target: null,
  countedBy: null,
  cached: "",
  stages: {},
};
