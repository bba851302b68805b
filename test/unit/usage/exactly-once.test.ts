import * as fc from "fast-check";
import { describe, it } from "vitest";
import { CountingLedger, SILENCE_MILLISECONDS } from "../../../src/usage/counting-ledger.ts";
import { SqlUsageStore } from "../../../src/usage/sql-usage-store.ts";
import type { UsageSink } from "../../../src/usage/usage-outbox.ts";
import { openNodeSqliteDatabase } from "../../../training/artifacts/node-sqlite-database.ts";
import { nodeSyncSql } from "../../support/node-sync-sql.ts";
import { allowanceOf, usageEnding, usageSubject } from "../../support/usage-records.ts";

const IDS = ["a", "b", "c", "d", "e", "f"] as const;
const id = fc.constantFrom(...IDS);

/** What may happen to requests, to the object that counts, and between it and the database. */
type Happening =
  | { readonly type: "open" | "settle" | "renew"; readonly id: string }
  | { readonly type: "flush"; readonly database: "works" | "fails" | "reply is lost" }
  | { readonly type: "restart" }
  | { readonly type: "time"; readonly milliseconds: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ type: fc.constantFrom("open", "settle", "renew"), id }),
  fc.record({ type: fc.constant("flush"), database: fc.constantFrom("works", "fails", "reply is lost") }),
  fc.record({ type: fc.constant("restart") }),
  fc.record({
    type: fc.constant("time"),
    milliseconds: fc.constantFrom(1, 999, SILENCE_MILLISECONDS, 3_600_000, -3_600_000),
  }),
);

function faulty(sink: UsageSink, database: "works" | "fails" | "reply is lost"): UsageSink {
  return {
    insert: async (records) => {
      if (database !== "fails") {
        await sink.insert(records);
      }
      if (database !== "works") {
        throw new Error(`the database ${database}`);
      }
    },
  };
}

describe("a request's usage", () => {
  it("arrives exactly once, whatever is repeated, restarted, silent or refused by the database", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 60 }), async (happenings) => {
        const database = await openNodeSqliteDatabase(":memory:");
        const store = new SqlUsageStore(database);
        const sql = nodeSyncSql();
        let now = Date.UTC(2026, 10, 15);
        const create = (): CountingLedger => new CountingLedger({ sql, now: () => now });
        let ledger = create();
        const begun = new Set<string>();
        const settled = new Set<string>();
        for (const event of happenings) {
          switch (event.type) {
            case "open":
              ledger.open(usageSubject(event.id), allowanceOf());
              begun.add(event.id);
              break;
            case "renew":
              ledger.renew(event.id, usageEnding({ completionTokens: 3 }, { outcome: "lost" }));
              break;
            case "settle":
              // Told without `open` too: the ledger did not hear of it then.
              ledger.settle(usageSubject(event.id), usageEnding({ completionTokens: 10, nanoUsd: 7 }));
              begun.add(event.id);
              settled.add(event.id);
              break;
            case "flush":
              await ledger.flush(faulty(store, event.database)).catch(() => undefined);
              break;
            case "restart":
              ledger = create();
              break;
            case "time":
              now += event.milliseconds;
              ledger.sweep();
          }
        }
        // In the end every request that began has ended or is lost.
        now = Date.UTC(2026, 10, 28);
        ledger.sweep();
        await ledger.flush(store);
        const rows = await database.query({ sql: "SELECT id, outcome FROM usage_records ORDER BY id" });
        const expected = [...begun]
          .toSorted()
          .map((name) => ({ id: name, outcome: settled.has(name) ? "completed" : "lost" }));
        expect(rows.map((row) => ({ ...row }))).toEqual(expected);
        const [sum] = await store.sum({ groupBy: [] });
        expect(sum).toMatchObject({ requests: begun.size, completed: settled.size, lost: begun.size - settled.size });
        const [counted] = await database.query({
          sql: "SELECT sum(completion_tokens) AS t, sum(nano_usd) AS n FROM usage_records",
        });
        expect([sum?.completionTokens, sum?.nanoUsd]).toEqual([counted?.["t"] ?? 0, counted?.["n"] ?? 0]);
        expect(sum?.nanoUsd).toBe(settled.size * 7);
        const [spent] = sql.run("SELECT tokens, nano_usd FROM months");
        expect([spent?.["tokens"] ?? 0, spent?.["nano_usd"] ?? 0]).toEqual([sum?.completionTokens, sum?.nanoUsd]);
        database.close();
      }),
      { numRuns: 60 },
    );
  });
});
