import { afterEach, beforeEach, describe, test, vi } from "vitest";
import { generateWithFallback } from "../../../src/generation/fallback.ts";
import { isSuperseded } from "../../../src/generation/superseded.ts";
import type { TargetLm } from "../../../src/generation/target-lm.ts";
import { AppError, type ErrorCode } from "../../../src/shared/errors.ts";
import { generateRequest, textOf } from "../../support/collect-generation.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";

const failing = (name: string, code: ErrorCode, details = {}) =>
  fakeTargetLm({ name, script: [new AppError(code, `${name} failed`, { details })] });

const ask = (targets: readonly [TargetLm, ...TargetLm[]]) =>
  generateWithFallback(targets, { requestFor: () => generateRequest(), signal: new AbortController().signal });

describe("generateWithFallback", () => {
  test("asks only the first when that answers", async ({ expect }) => {
    const [first, second] = [fakeTargetLm({ name: "a", script: ["x", "y"] }), fakeTargetLm({ name: "b" })];
    const { target, events } = await ask([first, second]);
    expect(target.name).toBe("a");
    expect(textOf(await Array.fromAsync(events))).toBe("xy");
    expect(second.requests).toEqual([]);
  });

  test.for<ErrorCode>([
    ...([
      "upstream_unavailable",
      "upstream_rate_limited",
      "upstream_timeout",
      "upstream_cut",
      "upstream_malformed",
    ] as const),
    ...(["host_not_allowed", "configuration_invalid", "encoder_failed", "internal"] as const),
  ])("goes on to the next after %s", async (code, { expect }) => {
    const { target } = await ask([failing("a", code), failing("b", code), fakeTargetLm({ name: "c" })]);
    expect(target.name).toBe("c");
  });

  test.for([401, 403, 404, 413])(
    "goes on after a provider's %d, which another may not share",
    async (status, { expect }) => {
      const { target } = await ask([failing("a", "upstream_rejected", { status }), fakeTargetLm({ name: "b" })]);
      expect(target.name).toBe("b");
    },
  );

  test.for<[code: ErrorCode, details: object]>([
    ["invalid_request", {}],
    ["aborted", {}],
    ["upstream_rejected", { status: 400 }],
    ["upstream_rejected", { status: 422 }],
  ])("stops at %s %j, which the next would share", async ([code, details], { expect }) => {
    const next = fakeTargetLm({ name: "b" });
    await expect(ask([failing("a", code, details), next])).rejects.toMatchObject({ code, message: "a failed" });
    expect(next.requests).toEqual([]);
  });

  test("tells all attempts when all fail, under the code of the last", async ({ expect }) => {
    const targets = [
      failing("a", "upstream_timeout"),
      failing("b", "upstream_rate_limited", { retryAfterMs: 5 }),
    ] as const;
    await expect(ask(targets)).rejects.toMatchObject({
      code: "upstream_rate_limited",
      details: {
        retryAfterMs: 5,
        attempts: [
          { target: "a", code: "upstream_timeout", message: "a failed" },
          { target: "b", code: "upstream_rate_limited", message: "b failed" },
        ],
      },
    });
  });

  test("never switches after the first event", async ({ expect }) => {
    const first = fakeTargetLm({ script: ["half", new AppError("upstream_cut", "cut")] });
    const next = fakeTargetLm({ name: "b" });
    const { events } = await ask([first, next]);
    await expect(Array.fromAsync(events)).rejects.toMatchObject({ code: "upstream_cut" });
    expect(next.requests).toEqual([]);
  });

  test("a consumer that leaves ends the request", async ({ expect }) => {
    const target = fakeTargetLm({ script: ["x", "y"] });
    const { events } = await ask([target]);
    await events.next();
    await events.return(undefined);
    expect(target.cancellations()).toBe(1);
  });
});

/** Says nothing until it is told to, or is aborted. */
function quietTargetLm(name: string, hedgeAfterMs?: number) {
  const gate = Promise.withResolvers<void>();
  const seen: { signal?: AbortSignal } = {};
  const target: TargetLm = {
    ...fakeTargetLm({ name, ...(hedgeAfterMs === undefined ? {} : { hedgeAfterMs }) }),
    async *generate(_request, { signal }) {
      seen.signal = signal;
      signal.addEventListener("abort", () => gate.reject(new AppError("aborted", "aborted")));
      await gate.promise;
      yield { type: "text-delta", choice: 0, text: name };
      yield { type: "end", model: name };
    },
  };
  return { target, seen, speak: gate.resolve, fail: gate.reject };
}

describe("hedging", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("asks the next after the delay; the first to speak answers, the other is aborted as superseded", async ({
    expect,
  }) => {
    const [slow, quick] = [quietTargetLm("slow", 500), quietTargetLm("quick")];
    const asked = ask([slow.target, quick.target]);
    await vi.advanceTimersByTimeAsync(499);
    expect(quick.seen.signal).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    quick.speak();
    const { target, events } = await asked;
    expect(target.name).toBe("quick");
    expect(slow.seen.signal && isSuperseded(slow.seen.signal)).toBe(true);
    expect(textOf(await Array.fromAsync(events))).toBe("quick");
    expect(quick.seen.signal?.aborted).toBe(false);
  });

  test("keeps the first when that speaks first after all", async ({ expect }) => {
    const [slow, quick] = [quietTargetLm("slow", 500), quietTargetLm("quick")];
    const asked = ask([slow.target, quick.target]);
    await vi.advanceTimersByTimeAsync(500);
    slow.speak();
    expect((await asked).target.name).toBe("slow");
    expect(quick.seen.signal && isSuperseded(quick.seen.signal)).toBe(true);
  });

  test("does not wait for the delay when the first fails, nor end the race when one of two does", async ({
    expect,
  }) => {
    const third = quietTargetLm("third");
    const second = quietTargetLm("second", 500);
    const asked = ask([failing("first", "upstream_unavailable"), second.target, third.target]);
    await vi.advanceTimersByTimeAsync(500);
    second.fail(new AppError("upstream_unavailable", "down"));
    await vi.advanceTimersByTimeAsync(0);
    third.speak();
    expect((await asked).target.name).toBe("third");
  });

  test("never hedges without a delay", async ({ expect }) => {
    const [slow, next] = [quietTargetLm("slow"), quietTargetLm("next")];
    const asked = ask([slow.target, next.target]);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(next.seen.signal).toBeUndefined();
    slow.speak();
    expect((await asked).target.name).toBe("slow");
  });

  test("a failure that all share ends the race for all", async ({ expect }) => {
    const [slow, quick] = [quietTargetLm("slow", 500), quietTargetLm("quick")];
    const asked = ask([slow.target, quick.target]);
    const failed = expect(asked).rejects.toMatchObject({ code: "invalid_request" });
    await vi.advanceTimersByTimeAsync(500);
    quick.fail(new AppError("invalid_request", "no"));
    await failed;
    expect(slow.seen.signal?.aborted).toBe(true);
  });
});
