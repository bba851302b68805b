import { describe, it, vi } from "vitest";
import type { Allowance, KeyLedger } from "../../../src/usage/key-ledger.ts";
import { parsePrices } from "../../../src/usage/prices.ts";
import { RefusalMemory } from "../../../src/usage/refusal-memory.ts";
import { RequestMeter } from "../../../src/usage/request-meter.ts";
import { generateRequest } from "../../support/collect-generation.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";
import { memoryLedgers } from "../../support/memory-ledgers.ts";
import { allowanceOf, usageSubject } from "../../support/usage-records.ts";

const LIMITED = allowanceOf({ limits: { requestsPerMinute: 2, tokensPerMinute: 10_000 } });
const UNLIMITED = allowanceOf({ generation: 0 });
const ENDING = { outcome: "completed", status: 200 } as const;

/** Meters over one ledger in memory, and the names of what it was asked. */
function world(): {
  readonly asked: string[];
  readonly ledger: KeyLedger;
  readonly meter: (id: string, allowance: Allowance) => RequestMeter;
} {
  const asked: string[] = [];
  const refusals = new RefusalMemory(() => 0);
  const ledger = new Proxy(memoryLedgers().ledgerOf("key"), {
    get: (target, name: keyof KeyLedger) => {
      const call = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        asked.push(name);
        return call(...args);
      };
    },
  });
  return {
    asked,
    ledger,
    meter: (id, allowance) =>
      new RequestMeter({
        ledger,
        subject: usageSubject(id),
        allowance,
        prices: parsePrices(undefined, new Map()),
        refusals,
        onEnd: () => undefined,
        cached: () => "",
        elapsed: () => 1,
        stages: () => ({}),
      }),
  };
}

const neverRenewed = (): Promise<Allowance> => Promise.reject(new Error("asked for a new allowance"));
const reserve = async (meter: RequestMeter): Promise<unknown> =>
  await meter.reserveGeneration(fakeTargetLm(), generateRequest());

describe("the ledger is asked", () => {
  it("once before a model, and told once when its request has ended", async ({ expect }) => {
    const { asked, meter } = world();
    const request = meter("a", LIMITED);
    request.postpone(neverRenewed);
    await reserve(request);
    expect(asked).toEqual(["open"]);
    await request.settle(ENDING);
    expect(asked).toEqual(["open", "settle"]);
    expect(request.rateState).toMatchObject({ requests: { remaining: 1 } });
  });

  it("also by a request that has reserved nothing", async ({ expect }) => {
    const { asked, meter } = world();
    for (const id of ["a", "b"]) {
      const request = meter(id, LIMITED);
      request.postpone(neverRenewed);
      await request.admitted();
      await request.admitted();
    }
    expect(asked).toEqual(["open", "open"]);
    const third = meter("c", LIMITED);
    third.postpone(neverRenewed);
    await expect(third.admitted()).rejects.toMatchObject({ code: "rate_limited" });
    await expect(reserve(third)).rejects.toMatchObject({ code: "rate_limited" });
    expect(asked).toEqual(["open", "open", "open"]);
  });

  it("of a request without limits when it has ended, or lasts a tenth of a second", async ({ expect }) => {
    vi.useFakeTimers();
    try {
      const { asked, meter } = world();
      const [short, long] = [meter("short", UNLIMITED), meter("long", UNLIMITED)];
      for (const request of [short, long]) {
        request.postpone(neverRenewed);
        await reserve(request);
        await request.admitted();
      }
      expect(asked).toEqual([]);
      await short.settle(ENDING);
      expect(asked).toEqual(["settle"]);
      await vi.advanceTimersByTimeAsync(100);
      expect(asked).toEqual(["settle", "open"]);
      await long.settle(ENDING);
      expect(asked).toEqual(["settle", "open", "settle"]);
    } finally {
      vi.useRealTimers();
    }
  });

  it.for([
    ["with limits", LIMITED, 0],
    ["without limits", UNLIMITED, 100],
  ] as const)(
    "a second later and then every 20 s, of one %s that lasts",
    async ([, allowance, openedAfter], { expect }) => {
      vi.useFakeTimers();
      try {
        const { asked, meter } = world();
        const request = meter("a", allowance);
        request.postpone(neverRenewed);
        await reserve(request);
        await vi.advanceTimersByTimeAsync(openedAfter + 999);
        expect(asked).toEqual(["open"]);
        await vi.advanceTimersByTimeAsync(1);
        expect(asked).toEqual(["open", "renew"]);
        await vi.advanceTimersByTimeAsync(20_000);
        await request.settle(ENDING);
        expect(asked).toEqual(["open", "renew", "renew", "settle"]);
        await vi.advanceTimersByTimeAsync(60_000);
        expect(asked).toHaveLength(4);
      } finally {
        vi.useRealTimers();
      }
    },
  );
});

describe("an answer whose length the request does not limit", () => {
  const target = { ...fakeTargetLm(), maxOutputTokens: 100 };
  const answered = (meter: RequestMeter): Promise<unknown> => meter.reserveGeneration(target, generateRequest());

  it("is reserved as its model's max_output_tokens; what it is longer is counted, and refuses the next", async ({
    expect,
  }) => {
    const { meter } = world();
    const within = (tokens: number): Allowance => allowanceOf({ budget: { tokens } });
    await expect(answered(meter("a", within(100)))).rejects.toMatchObject({ code: "budget_exhausted" });
    const long = meter("b", within(150));
    const tally = await long.reserveGeneration(target, generateRequest());
    tally.read({ type: "usage", usage: { prompt_tokens: 10, completion_tokens: 900 } });
    await long.settle(ENDING);
    expect(long.counts.snapshot().counts).toMatchObject({ completionTokens: 900 });
    await expect(answered(meter("c", within(909)))).rejects.toMatchObject({ code: "budget_exhausted" });
    await expect(answered(meter("d", within(2_000)))).resolves.toBeDefined();
  });
});

describe("a principal that is out of date", () => {
  it("goes on with its present allowance", async ({ expect }) => {
    const { ledger, meter } = world();
    await ledger.changed(2);
    const request = meter("a", LIMITED);
    request.postpone(() => Promise.resolve({ ...LIMITED, generation: 2, limits: { requestsPerMinute: 9 } }));
    await reserve(request);
    expect(request.rateState).toMatchObject({ requests: { limit: 9, remaining: 8 } });
  });

  it("is refused with what finding out has thrown", async ({ expect }) => {
    const { ledger, meter } = world();
    await ledger.changed(2);
    const request = meter("a", LIMITED);
    request.postpone(() => Promise.reject(new Error("revoked")));
    await expect(reserve(request)).rejects.toThrow("revoked");
    await expect(request.admitted()).rejects.toThrow("revoked");
  });
});

describe("a key that was refused", () => {
  it("has to wait for the ledger before anything is done for it", async ({ expect }) => {
    const { meter } = world();
    const requests = ["a", "b", "c"].map((id) => meter(id, LIMITED));
    await Promise.allSettled(requests.map((request) => request.open()));
    expect(meter("d", LIMITED).isToWait).toBe(true);
  });

  it("is the only one that has to, and for a minute", ({ expect }) => {
    let now = 0;
    const memory = new RefusalMemory(() => now);
    memory.note("a");
    expect([memory.isRecent("a"), memory.isRecent("b")]).toEqual([true, false]);
    now = 60_000;
    expect(memory.isRecent("a")).toBe(false);
  });
});
