import type { Budget } from "../tenancy/principal.ts";
import type { RateState, RateWindowState, Refusal, Reservation } from "./key-ledger.ts";
import type { LedgerTables } from "./ledger-tables.ts";
import type { Spend } from "./monthly-spend.ts";
import type { RateLimits } from "./rate-tiers.ts";
import type { SlidingWindow } from "./sliding-window.ts";

/** A stream's end cannot be foreseen; a client that comes back this much later finds out. */
const STREAM_RETRY_MS = 1_000;

/** The same for what requests under way hold of a budget. */
const BUDGET_RETRY_MS = 2_000;

type Tables = Pick<LedgerTables, "requests" | "tokens" | "open" | "spend">;

export interface OpenRule {
  readonly limits: RateLimits;
  readonly budget: Budget;
  readonly now: number;
}

/** Why a request may not begin; undefined: it may. */
export function refusalToOpen({ requests, spend }: Tables, { limits, budget, now }: OpenRule): Refusal | undefined {
  const kind = exhausted(budget, spend.of(now));
  if (kind !== undefined) {
    return { reason: "budget", kind };
  }
  const limit = limits.requestsPerMinute;
  const retryAfterMs = limit === undefined ? 0 : requests.waitFor(1, { limit, now });
  return retryAfterMs > 0 ? { reason: "requests", retryAfterMs } : undefined;
}

/** Why a request may not take this much more; undefined: it may. */
export function refusalToReserve(
  { tokens, open, spend }: Tables,
  { id, allowance: { limits, budget }, ...wanted }: Reservation,
  now: number,
): Refusal | undefined {
  const spent = spend.of(now);
  const alone = exceeded(budget, plus(spent, wanted));
  if (alone !== undefined) {
    return { reason: "budget", kind: alone };
  }
  if (exceeded(budget, plus(plus(spent, open.held()), wanted)) !== undefined) {
    return { reason: "budget-held", retryAfterMs: BUDGET_RETRY_MS };
  }
  const { tokensPerMinute: limit, concurrentStreams } = limits;
  const retryAfterMs = limit === undefined ? 0 : tokens.waitFor(wanted.tokens, { limit, now });
  if (limit !== undefined && retryAfterMs === Number.POSITIVE_INFINITY) {
    return { reason: "too-large", tokens: wanted.tokens, limit };
  }
  if (retryAfterMs > 0) {
    return { reason: "tokens", retryAfterMs };
  }
  const isFull = wanted.stream && concurrentStreams !== undefined && open.otherStreams(id) >= concurrentStreams;
  return isFull ? { reason: "streams", retryAfterMs: STREAM_RETRY_MS } : undefined;
}

/** What is left of the limits. */
export function rateState({ requests, tokens }: Tables, limits: RateLimits, now: number): RateState {
  const { requestsPerMinute, tokensPerMinute } = limits;
  return {
    ...(requestsPerMinute === undefined ? {} : { requests: windowState(requests, requestsPerMinute, now) }),
    ...(tokensPerMinute === undefined ? {} : { tokens: windowState(tokens, tokensPerMinute, now) }),
  };
}

function windowState(window: SlidingWindow, limit: number, now: number): RateWindowState {
  const { used, resetMs } = window.state(now);
  return { limit, remaining: Math.max(0, limit - used), resetMs };
}

/** A budget of which nothing is left. */
function exhausted({ tokens, nanoUsd }: Budget, spent: Spend): "tokens" | "money" | undefined {
  if (tokens !== undefined && spent.tokens >= tokens) {
    return "tokens";
  }
  return nanoUsd !== undefined && spent.nanoUsd >= nanoUsd ? "money" : undefined;
}

/** A budget that would be overdrawn. */
function exceeded({ tokens, nanoUsd }: Budget, spent: Spend): "tokens" | "money" | undefined {
  if (tokens !== undefined && spent.tokens > tokens) {
    return "tokens";
  }
  return nanoUsd !== undefined && spent.nanoUsd > nanoUsd ? "money" : undefined;
}

function plus(left: Spend, right: Spend): Spend {
  return { tokens: left.tokens + right.tokens, nanoUsd: left.nanoUsd + right.nanoUsd };
}
