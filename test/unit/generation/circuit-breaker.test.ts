import { describe, test } from "vitest";
import { CircuitBreaker, type CircuitState } from "../../../src/generation/circuit-breaker.ts";
import { CircuitBreakers } from "../../../src/generation/circuit-breakers.ts";
import { guardedTargetLm } from "../../../src/generation/guarded-target-lm.ts";
import { AppError, type ErrorCode } from "../../../src/shared/errors.ts";
import { generate, textOf } from "../../support/collect-generation.ts";
import { type FakeScript, fakeTargetLm } from "../../support/fake-target-lm.ts";

const SETTINGS = { failures: 3, share: 0.5, windowMs: 30_000, openMs: 15_000 };

function world(): {
  readonly breaker: CircuitBreaker;
  readonly clock: { now: number };
  readonly states: CircuitState[];
  readonly fail: (times: number) => void;
} {
  const clock = { now: 0 };
  const states: CircuitState[] = [];
  const breaker = new CircuitBreaker({
    settings: SETTINGS,
    now: () => clock.now,
    onChange: (state) => states.push(state),
  });
  return {
    breaker,
    clock,
    states,
    fail: (times) => {
      for (let time = 0; time < times; time++) {
        breaker.enter();
        breaker.fail();
      }
    },
  };
}

describe("CircuitBreaker", () => {
  test("opens at so many failures, and says how long to wait", ({ expect }) => {
    const { breaker, clock, fail } = world();
    fail(2);
    expect(breaker.enter()).toBe(0);
    breaker.fail();
    clock.now += 5_000;
    expect(breaker.enter()).toBe(10_000);
  });

  test("stays closed when they are the lesser share, or older than the window", ({ expect }) => {
    const { breaker, clock, fail } = world();
    fail(2);
    clock.now += 30_000;
    fail(2);
    expect(breaker.state).toBe("closed");
    for (let time = 0; time < 10; time++) {
      breaker.succeed();
    }
    fail(3);
    expect(breaker.state).toBe("closed");
  });

  test("lets one through after the wait: its success closes, its failure opens again", ({ expect }) => {
    const { breaker, clock, states, fail } = world();
    fail(3);
    clock.now += 15_000;
    expect([breaker.enter(), breaker.enter()]).toEqual([0, 15_000]);
    breaker.fail();
    expect(breaker.enter()).toBe(15_000);
    clock.now += 15_000;
    expect(breaker.enter()).toBe(0);
    breaker.succeed();
    expect([breaker.enter(), breaker.enter()]).toEqual([0, 0]);
    expect(states).toEqual(["open", "half-open", "open", "half-open", "closed"]);
  });

  test("lets another through when the one was given up, and does not stay open when the clock is set back", ({
    expect,
  }) => {
    const { breaker, clock, fail } = world();
    fail(3);
    clock.now += 15_000;
    breaker.enter();
    breaker.cancel();
    expect(breaker.enter()).toBe(0);
    breaker.fail();
    clock.now -= 3_600_000;
    expect(breaker.enter()).toBe(0);
  });
});

describe("guardedTargetLm", () => {
  const guard = (script: FakeScript) => {
    const { breaker } = world();
    const target = fakeTargetLm({ name: "lm", script });
    return { breaker, target, guarded: guardedTargetLm(target, breaker) };
  };
  const ask = async (target: ReturnType<typeof guard>["guarded"]): Promise<string> =>
    await generate(target).then(textOf, (error: AppError) => error.code);

  test("is not asked while the circuit is open", async ({ expect }) => {
    const { guarded, target } = guard([new AppError("upstream_timeout", "slow")]);
    const replies = [await ask(guarded), await ask(guarded), await ask(guarded), await ask(guarded)];
    expect(replies).toEqual(["upstream_timeout", "upstream_timeout", "upstream_timeout", "upstream_unavailable"]);
    expect(target.requests).toHaveLength(3);
    await expect(generate(guarded)).rejects.toMatchObject({ isRetryable: true, details: { retryAfterMs: 15_000 } });
  });

  test.for<[code: ErrorCode, state: CircuitState]>([
    ["upstream_unavailable", "open"],
    ["upstream_rate_limited", "open"],
    ["upstream_cut", "open"],
    ["upstream_malformed", "open"],
    ["upstream_rejected", "closed"],
    ["aborted", "closed"],
    ["deadline_exceeded", "closed"],
    ["configuration_invalid", "closed"],
  ])("three times %s leave it %s", async ([code, state], { expect }) => {
    const { breaker, guarded } = guard([new AppError(code, "no")]);
    for (let time = 0; time < 3; time++) {
      await ask(guarded);
    }
    expect(breaker.state).toBe(state);
  });

  test("counts an answer that breaks off as a failure, a client that leaves as nothing", async ({ expect }) => {
    const { breaker, guarded } = guard(["half", new AppError("upstream_cut", "cut")]);
    for (let time = 0; time < 3; time++) {
      await ask(guarded);
    }
    expect(breaker.state).toBe("open");
    const left = guard(["half", "whole"]);
    for await (const event of left.guarded.generate(
      { messages: [], query: "", passages: [], stream: true, parameters: {} },
      { signal: new AbortController().signal },
    )) {
      expect(event.type).toBe("text-delta");
      break;
    }
    expect(left.breaker.state).toBe("closed");
  });
});

test("CircuitBreakers keeps one circuit a target", ({ expect }) => {
  const breakers = new CircuitBreakers({ now: () => 0 });
  expect(breakers.of("a", SETTINGS)).toBe(breakers.of("a", SETTINGS));
  expect(breakers.of("a", SETTINGS)).not.toBe(breakers.of("b", SETTINGS));
});
