import { describe, it } from "vitest";
import { CountingLedger, SILENCE_MILLISECONDS } from "../../../src/usage/counting-ledger.ts";
import type { Admission, Reservation } from "../../../src/usage/key-ledger.ts";
import type { UsageRecord } from "../../../src/usage/usage-record.ts";
import { nodeSyncSql } from "../../support/node-sync-sql.ts";
import { allowanceOf, usageEnding, usageSubject } from "../../support/usage-records.ts";

const START = Date.UTC(2026, 10, 30, 23, 59, 0);

function world(): {
  ledger: CountingLedger;
  clock: { now: number };
  /** Another object over the same storage, as after an eviction. */
  restart: () => CountingLedger;
  flush: (ledger: CountingLedger) => Promise<UsageRecord[]>;
} {
  const sql = nodeSyncSql();
  const clock = { now: START };
  const create = (): CountingLedger => new CountingLedger({ sql, now: () => clock.now });
  return {
    ledger: create(),
    clock,
    restart: create,
    flush: async (ledger) => {
      const taken: UsageRecord[] = [];
      await ledger.flush({ insert: async (records) => void taken.push(...records) });
      return taken;
    },
  };
}

const reservation = (id: string, wanted: Partial<Reservation>): Reservation => ({
  id,
  allowance: allowanceOf(),
  tokens: 0,
  nanoUsd: 0,
  stream: false,
  ...wanted,
});

function reasonOf(admission: Admission): string {
  return admission.admitted ? "admitted" : admission.refusal.reason;
}

describe("requests a minute", () => {
  it("are let in up to the limit, and again when the first are a minute old", ({ expect }) => {
    const { ledger, clock } = world();
    const allowance = allowanceOf({ limits: { requestsPerMinute: 2 } });
    const first = ledger.open(usageSubject("a"), allowance);
    expect(first).toEqual({ admitted: true, state: { requests: { limit: 2, remaining: 1, resetMs: 61_000 } } });
    ledger.open(usageSubject("b"), allowance);
    const third = ledger.open(usageSubject("c"), allowance);
    expect(third).toMatchObject({ admitted: false, refusal: { reason: "requests", retryAfterMs: 61_000 } });
    clock.now += 61_000;
    expect(reasonOf(ledger.open(usageSubject("d"), allowance))).toBe("admitted");
  });

  it("count a request that is told twice once", ({ expect }) => {
    const { ledger } = world();
    const allowance = allowanceOf({ limits: { requestsPerMinute: 2 } });
    for (let told = 0; told < 5; told++) {
      expect(ledger.open(usageSubject("a"), allowance)).toMatchObject({ state: { requests: { remaining: 1 } } });
    }
    ledger.settle(usageSubject("a"), usageEnding());
    expect(ledger.open(usageSubject("a"), allowance)).toMatchObject({ state: { requests: { remaining: 1 } } });
  });

  it("outlive the object", ({ expect }) => {
    const { ledger, restart } = world();
    const allowance = allowanceOf({ limits: { requestsPerMinute: 1 } });
    ledger.open(usageSubject("a"), allowance);
    expect(reasonOf(restart().open(usageSubject("b"), allowance))).toBe("requests");
  });
});

describe("tokens a minute", () => {
  const allowance = allowanceOf({ limits: { tokensPerMinute: 100 } });

  it("hold what a request may take, and give back what it did not", ({ expect }) => {
    const { ledger } = world();
    ledger.open(usageSubject("a"), allowance);
    ledger.open(usageSubject("b"), allowance);
    expect(reasonOf(ledger.reserve(reservation("a", { allowance, tokens: 80 })))).toBe("admitted");
    expect(reasonOf(ledger.reserve(reservation("b", { allowance, tokens: 30 })))).toBe("tokens");
    ledger.settle(usageSubject("a"), usageEnding({ promptTokens: 10, completionTokens: 5 }));
    expect(ledger.reserve(reservation("b", { allowance, tokens: 30 }))).toMatchObject({
      admitted: true,
      state: { tokens: { limit: 100, remaining: 55 } },
    });
  });

  it("are held with the opening of a request, once however often it is told", ({ expect }) => {
    const { ledger, clock } = world();
    const allowance = allowanceOf({ limits: { requestsPerMinute: 2, tokensPerMinute: 100 } });
    const first = { tokens: 60, nanoUsd: 0, stream: false };
    ledger.open(usageSubject("a"), allowance, first);
    const told = ledger.open(usageSubject("a"), allowance, first);
    expect(told).toMatchObject({ admitted: true, state: { requests: { remaining: 1 }, tokens: { remaining: 40 } } });
    // Refused for its tokens it has been counted all the same: guessing what fits is not free.
    expect(reasonOf(ledger.open(usageSubject("b"), allowance, first))).toBe("tokens");
    expect(reasonOf(ledger.open(usageSubject("b"), allowance, first))).toBe("tokens");
    expect(reasonOf(ledger.open(usageSubject("c"), allowance))).toBe("requests");
    clock.now += 61_000;
    expect(reasonOf(ledger.open(usageSubject("d"), allowance, first))).toBe("admitted");
  });

  it("count what was taken beyond what was held", ({ expect }) => {
    const { ledger } = world();
    ledger.open(usageSubject("a"), allowance);
    ledger.reserve(reservation("a", { allowance, tokens: 10 }));
    ledger.settle(usageSubject("a"), usageEnding({ completionTokens: 90 }));
    expect(ledger.open(usageSubject("b"), allowance).state.tokens?.remaining).toBe(10);
  });

  it("refuse for good what is more than a minute has", ({ expect }) => {
    const { ledger } = world();
    ledger.open(usageSubject("a"), allowance);
    const admission = ledger.reserve(reservation("a", { allowance, tokens: 101 }));
    expect(admission).toMatchObject({ refusal: { reason: "too-large", tokens: 101, limit: 100 } });
  });
});

describe("streams", () => {
  it("have as many places as the limit says, each free again at its end", ({ expect }) => {
    const { ledger, clock } = world();
    const allowance = allowanceOf({ limits: { concurrentStreams: 2 } });
    const open = (id: string): string => {
      ledger.open(usageSubject(id), allowance);
      return reasonOf(ledger.reserve(reservation(id, { allowance, stream: true })));
    };
    expect([open("a"), open("b"), open("c")]).toEqual(["admitted", "admitted", "streams"]);
    ledger.settle(usageSubject("a"), usageEnding());
    expect(reasonOf(ledger.reserve(reservation("c", { allowance, stream: true })))).toBe("admitted");
    // A second model asked for the same stream needs no second place.
    expect(reasonOf(ledger.reserve(reservation("c", { allowance, stream: true })))).toBe("admitted");
    clock.now += SILENCE_MILLISECONDS;
    expect(open("d")).toBe("admitted");
  });
});

describe("the budget", () => {
  it.for([
    ["tokens", { tokens: 100 }],
    ["money", { nanoUsd: 100 }],
  ] as const)("of %s refuses what it does not cover, and everything once it is spent", ([kind, budget], { expect }) => {
    const { ledger } = world();
    const allowance = allowanceOf({ budget });
    ledger.open(usageSubject("a"), allowance);
    const ask = (id: string, amount: number): Admission =>
      ledger.reserve(reservation(id, { allowance, tokens: amount, nanoUsd: amount }));
    expect(ask("a", 101)).toMatchObject({ refusal: { reason: "budget", kind } });
    expect(reasonOf(ask("a", 60))).toBe("admitted");
    ledger.open(usageSubject("b"), allowance);
    // It would fit if the other request gave back what it holds.
    expect(reasonOf(ask("b", 60))).toBe("budget-held");
    ledger.settle(usageSubject("a"), usageEnding({ completionTokens: 20, nanoUsd: 20 }));
    expect(reasonOf(ask("b", 60))).toBe("admitted");
    ledger.settle(usageSubject("b"), usageEnding({ completionTokens: 80, nanoUsd: 80 }));
    expect(ledger.open(usageSubject("c"), allowance)).toMatchObject({ refusal: { reason: "budget", kind } });
  });

  it("begins anew with the month; a request counts in the month in which it began", ({ expect }) => {
    const { ledger, clock } = world();
    const allowance = allowanceOf({ budget: { tokens: 100 } });
    ledger.open(usageSubject("november"), allowance);
    clock.now = Date.UTC(2026, 11, 1, 0, 0, 5);
    ledger.settle(usageSubject("november"), usageEnding({ promptTokens: 100 }));
    expect(reasonOf(ledger.open(usageSubject("december"), allowance))).toBe("admitted");
    clock.now = Date.UTC(2026, 10, 30, 23, 59, 59);
    expect(reasonOf(ledger.open(usageSubject("back in november"), allowance))).toBe("budget");
  });
});

describe("a request that is not heard of", () => {
  it("is lost after a minute, counted as far as it was heard of, and holds nothing any more", async ({ expect }) => {
    const { ledger, clock, flush, restart } = world();
    const allowance = allowanceOf({ limits: { tokensPerMinute: 100 }, budget: { tokens: 1000 } });
    ledger.open(usageSubject("a"), allowance);
    ledger.reserve(reservation("a", { allowance, tokens: 90 }));
    clock.now += 20_000;
    ledger.renew("a", usageEnding({ completionTokens: 7 }, { outcome: "lost" }));
    clock.now += SILENCE_MILLISECONDS - 1;
    ledger.sweep();
    expect(ledger.hasRecords()).toBe(false);
    expect(ledger.nextSilence()).toBe(clock.now + 1);
    clock.now += 1;
    const later = restart();
    later.sweep();
    expect(await flush(later)).toMatchObject([
      { id: "a", outcome: "lost", counts: { completionTokens: 7 }, startedAt: START, durationMs: 80_000 },
    ]);
    expect(later.open(usageSubject("b"), allowance).state.tokens?.remaining).toBeGreaterThanOrEqual(93);
    expect(reasonOf(later.reserve(reservation("a", { allowance, tokens: 1 })))).toBe("lost");
  });

  it("and turns up after all is counted once, as what it was", async ({ expect }) => {
    const { ledger, clock, flush } = world();
    const allowance = allowanceOf({ budget: { tokens: 100 } });
    ledger.open(usageSubject("a"), allowance);
    ledger.renew("a", usageEnding({ completionTokens: 30 }, { outcome: "lost" }));
    // The clock of the object jumped: the request is a second old.
    clock.now += 3_600_000;
    ledger.sweep();
    const lost = await flush(ledger);
    ledger.settle(usageSubject("a"), usageEnding({ completionTokens: 50 }));
    ledger.settle(usageSubject("a"), usageEnding({ completionTokens: 50 }));
    const found = await flush(ledger);
    expect([lost, found]).toMatchObject([
      [{ id: "a", outcome: "lost" }],
      [{ id: "a", outcome: "completed", counts: { completionTokens: 50 }, startedAt: START }],
    ]);
    clock.now = START;
    ledger.open(usageSubject("b"), allowance);
    expect(reasonOf(ledger.reserve(reservation("b", { allowance, tokens: 50 })))).toBe("admitted");
    expect(reasonOf(ledger.reserve(reservation("b", { allowance, tokens: 1 })))).toBe("budget-held");
  });
});

describe("a principal that is older than the key's last change", () => {
  it("is not let in, and not counted", ({ expect }) => {
    const { ledger, restart } = world();
    const limits = { requestsPerMinute: 1 };
    ledger.changed(3);
    ledger.changed(2);
    expect(reasonOf(ledger.open(usageSubject("a"), allowanceOf({ generation: 2, limits })))).toBe("stale");
    expect(reasonOf(restart().open(usageSubject("b"), allowanceOf({ generation: 3, limits })))).toBe("admitted");
    // Of a change that the ledger was not told of it learns by the first who knows.
    ledger.open(usageSubject("c"), allowanceOf({ generation: 4 }));
    expect(reasonOf(ledger.open(usageSubject("d"), allowanceOf({ generation: 3 })))).toBe("stale");
  });
});
