import * as fc from "fast-check";
import { describe, it } from "vitest";
import { SlidingWindow } from "../../../src/usage/sliding-window.ts";
import { nodeSyncSql } from "../../support/node-sync-sql.ts";

const START = 1_800_000_000_000;
const MINUTE = 60_000;

const steps = fc.array(
  fc.record({ pause: fc.oneof(fc.nat(50), fc.nat(5_000), fc.nat(100_000)), amount: fc.integer({ min: 1, max: 12 }) }),
  { minLength: 1, maxLength: 60 },
);

describe("SlidingWindow", () => {
  it("lets no stretch of 60 seconds have more than the limit", ({ expect }) => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 30 }), (calls, limit) => {
        const window = new SlidingWindow(nodeSyncSql(), "w");
        const admitted: { readonly at: number; readonly amount: number }[] = [];
        let now = START;
        for (const { pause, amount } of calls) {
          now += pause;
          if (window.waitFor(amount, { limit, now }) === 0) {
            window.add(amount, now);
            admitted.push({ at: now, amount });
          }
        }
        for (const { at: from } of admitted) {
          const stretch = admitted.filter(({ at }) => at >= from && at < from + MINUTE);
          expect(stretch.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it("says exactly how long to wait, and no longer than 61 seconds", ({ expect }) => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 12, max: 30 }), fc.integer({ min: 1, max: 12 }), (calls, limit, wanted) => {
        const window = new SlidingWindow(nodeSyncSql(), "w");
        let now = START;
        for (const { pause, amount } of calls) {
          now += pause;
          window.add(amount, now);
        }
        const wait = window.waitFor(wanted, { limit, now });
        expect(wait).toBeLessThanOrEqual(MINUTE + 1_000);
        if (wait > 0) {
          expect(window.waitFor(wanted, { limit, now: now + wait - 1 })).toBe(1);
        }
        expect(window.waitFor(wanted, { limit, now: now + wait })).toBe(0);
      }),
    );
  });

  it("never lets in what is more than the limit", ({ expect }) => {
    const window = new SlidingWindow(nodeSyncSql(), "w");
    expect(window.waitFor(11, { limit: 10, now: START })).toBe(Number.POSITIVE_INFINITY);
  });

  it("keeps what was used when the clock is set back, and forgets it a minute later", ({ expect }) => {
    const window = new SlidingWindow(nodeSyncSql(), "w");
    window.add(5, START);
    const back = START - 3_600_000;
    expect(window.state(back).used).toBe(5);
    expect(window.waitFor(1, { limit: 5, now: back })).toBeLessThanOrEqual(MINUTE + 1_000);
    expect(window.state(back + MINUTE + 1_000).used).toBe(0);
  });

  it("takes back what was held for nothing, and keeps windows apart", ({ expect }) => {
    const sql = nodeSyncSql();
    const [one, other] = [new SlidingWindow(sql, "one"), new SlidingWindow(sql, "other")];
    one.add(8, START);
    other.add(3, START);
    one.add(-6, START);
    expect([one.state(START).used, other.state(START).used]).toEqual([2, 3]);
    one.add(-100, START);
    expect(one.state(START)).toEqual({ used: 0, resetMs: 0 });
  });
});
