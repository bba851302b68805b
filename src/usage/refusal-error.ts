import { AppError } from "../shared/errors.ts";
import type { Refusal } from "./key-ledger.ts";

/** A refusal as what the client is told; `stale` is not for clients. */
export function refusalError(refusal: Exclude<Refusal, { reason: "stale" }>): AppError {
  switch (refusal.reason) {
    case "requests":
      return limited("this key's requests a minute are used up", refusal.retryAfterMs);
    case "tokens":
      return limited("this key's tokens a minute are used up", refusal.retryAfterMs);
    case "streams":
      return limited("this key has as many streams open as it may", refusal.retryAfterMs);
    case "budget-held":
      return limited("the rest of this key's budget is held by requests under way", refusal.retryAfterMs);
    case "too-large":
      return new AppError(
        "rate_limited",
        `this request may take ${refusal.tokens} tokens, prompt and answer together, and this key has ${refusal.limit} a minute; send less, or a lower max_tokens`,
        { details: { tokens: refusal.tokens, limit: refusal.limit } },
      );
    case "budget": {
      const what = refusal.kind === "tokens" ? "token budget" : "budget";
      return new AppError(
        "budget_exhausted",
        `this key's ${what} of the month does not cover this request; it begins anew on the first (UTC), or ask for more`,
        { details: { budget: refusal.kind } },
      );
    }
    case "lost":
      break;
  }
  return new AppError("metering_failed", "this request was not heard of for too long", { isRetryable: true });
}

function limited(message: string, retryAfterMs: number): AppError {
  return new AppError("rate_limited", `${message}; come back in ${Math.ceil(retryAfterMs / 1000)} s`, {
    isRetryable: true,
    details: { retryAfterMs },
  });
}
