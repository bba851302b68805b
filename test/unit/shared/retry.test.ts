import { afterEach, beforeEach, describe, test, vi } from "vitest";
import { AppError } from "../../../src/shared/errors.ts";
import { withRetry } from "../../../src/shared/retry.ts";

const { signal } = new AbortController();
const busy = (details = {}) => new AppError("upstream_unavailable", "busy", { isRetryable: true, details });

/** An attempt that fails so often before it succeeds, and notes when it was made. */
function failing(times: number, error: () => Error = busy) {
  const madeAt: number[] = [];
  const attempt = (): Promise<string> => {
    madeAt.push(Date.now());
    return madeAt.length <= times ? Promise.reject(error()) : Promise.resolve("done");
  };
  return { attempt, madeAt, waits: () => madeAt.slice(1).map((time, index) => time - (madeAt[index] ?? 0)) };
}

describe("withRetry", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Runs to its end however long it waits. */
  async function settle<Result>(promise: Promise<Result>): Promise<PromiseSettledResult<Result>> {
    const settled = Promise.allSettled([promise]);
    await vi.runAllTimersAsync();
    const [result] = await settled;
    return result;
  }

  test("returns what the first success returns", async ({ expect }) => {
    const { attempt, waits } = failing(2);
    await expect(settle(withRetry(attempt, { signal }))).resolves.toMatchObject({ value: "done" });
    expect(waits()).toHaveLength(2);
  });

  test("waits longer each time, with jitter, up to a limit", async ({ expect }) => {
    const { attempt, waits } = failing(4);
    await settle(withRetry(attempt, { signal, retries: 4, minDelayMs: 100, maxDelayMs: 500 }));
    const [first = 0, second = 0, third = 0, fourth = 0] = waits();
    expect(first).toBeGreaterThanOrEqual(100);
    expect(first).toBeLessThanOrEqual(200);
    expect(second).toBeGreaterThanOrEqual(200);
    expect(second).toBeLessThanOrEqual(400);
    expect(third).toBeLessThanOrEqual(500);
    expect(fourth).toBe(500);
  });

  test("throws the last error when attempts are used up", async ({ expect }) => {
    const { attempt, madeAt } = failing(9);
    await expect(settle(withRetry(attempt, { signal }))).resolves.toMatchObject({ reason: { message: "busy" } });
    expect(madeAt).toHaveLength(3);
  });

  test("keeps to the wait that the other side asked for", async ({ expect }) => {
    const { attempt, waits } = failing(1, () => busy({ retryAfterMs: 7_000 }));
    await settle(withRetry(attempt, { signal, minDelayMs: 100 }));
    expect(waits()[0]).toBeGreaterThanOrEqual(7_100);
    expect(waits()[0]).toBeLessThanOrEqual(7_200);
  });

  test("does not wait longer than anyone would", async ({ expect }) => {
    const { attempt, madeAt } = failing(1, () => busy({ retryAfterMs: 3_600_000 }));
    await expect(settle(withRetry(attempt, { signal }))).resolves.toMatchObject({ status: "rejected" });
    expect(madeAt).toHaveLength(1);
  });

  test.for<[name: string, error: () => Error]>([
    ["an error that would come again", () => new AppError("upstream_rejected", "no")],
    ["a defect", () => new TypeError("x is not a function")],
  ])("does not repeat %s", async ([, error], { expect }) => {
    const { attempt, madeAt } = failing(1, error);
    await expect(settle(withRetry(attempt, { signal }))).resolves.toMatchObject({ reason: { name: "AppError" } });
    expect(madeAt).toHaveLength(1);
  });

  test.for([{ retryAfterMs: 10_000 }, {}])("stops waiting when aborted: %j", async (details, { expect }) => {
    const controller = new AbortController();
    const { attempt, madeAt } = failing(1, () => busy(details));
    const promise = Promise.allSettled([withRetry(attempt, { signal: controller.signal, minDelayMs: 5_000 })]);
    await vi.advanceTimersByTimeAsync(1_000);
    controller.abort(new AppError("aborted", "gone"));
    await expect(promise).resolves.toMatchObject([{ reason: { code: "aborted" } }]);
    expect(madeAt).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
