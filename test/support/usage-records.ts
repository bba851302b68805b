import type { Allowance } from "../../src/usage/key-ledger.ts";
import { NO_USAGE, type UsageCounts, type UsageEnding, type UsageSubject } from "../../src/usage/usage-record.ts";

/** A request of the key `key`. */
export function usageSubject(id: string): UsageSubject {
  return { id, keyId: "key", tenant: "acme", requestId: `request-${id}`, method: "POST", path: "/v1/retrieve" };
}

export function usageEnding(counts: Partial<UsageCounts> = {}, more: Partial<UsageEnding> = {}): UsageEnding {
  return {
    outcome: "completed",
    status: 200,
    errorCode: null,
    counts: { ...NO_USAGE, ...counts },
    model: "gpt",
    target: "gpt",
    countedBy: "provider",
    cached: "",
    durationMs: 12,
    stages: { dense: 3 },
    ...more,
  };
}

export function allowanceOf(allowance: Partial<Allowance> = {}): Allowance {
  return { generation: 1, limits: {}, budget: {}, ...allowance };
}
