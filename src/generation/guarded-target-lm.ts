import { AppError, type ErrorCode, toAppError } from "../shared/errors.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import type { TargetLm } from "./target-lm.ts";

/** What says that a provider is not well; the rest speaks of the request, of the configuration or of the client. */
const FAILURES: ReadonlySet<ErrorCode> = new Set([
  "upstream_rate_limited",
  "upstream_unavailable",
  "upstream_timeout",
  "upstream_cut",
  "upstream_malformed",
]);

/** A target LM that is not asked while its circuit is open: then it throws `upstream_unavailable` at once. */
export function guardedTargetLm(target: TargetLm, breaker: CircuitBreaker): TargetLm {
  return {
    ...target,
    async *generate(request, options) {
      const wait = breaker.enter();
      if (wait > 0) {
        throw new AppError(
          "upstream_unavailable",
          `target LM "${target.name}" has failed too often and is left alone for ${Math.ceil(wait / 1000)} s`,
          { isRetryable: true, details: { retryAfterMs: wait, circuit: breaker.state } },
        );
      }
      let isKnown = false;
      try {
        for await (const event of target.generate(request, options)) {
          if (!isKnown) {
            isKnown = true;
            breaker.succeed();
          }
          yield event;
        }
      } catch (error) {
        if (FAILURES.has(toAppError(error).code)) {
          isKnown = true;
          breaker.fail();
        }
        throw error;
      } finally {
        if (!isKnown) {
          breaker.cancel();
        }
      }
    },
  };
}
