/** What one request has used so far. */
export interface UsageCounts {
  readonly retrievals: number;
  readonly embedTokens: number;
  readonly vectorsQueried: number;
  /** Of the passages in the prompt; part of `promptTokens` once a target LM was asked. */
  readonly contextTokens: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Thousand-millionths of a US dollar, by the prices of the configuration. */
  readonly nanoUsd: number;
}

export const NO_USAGE: UsageCounts = {
  retrievals: 0,
  embedTokens: 0,
  vectorsQueried: 0,
  contextTokens: 0,
  promptTokens: 0,
  completionTokens: 0,
  nanoUsd: 0,
};

/** What is known of a request when it begins. */
export interface UsageSubject {
  /** Made by us, unique: a record is counted once however often it is sent. */
  readonly id: string;
  readonly keyId: string;
  readonly tenant: string;
  /** `x-request-id`, which a client may choose and repeat. */
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
}

/**
 * How a request ended. `refused`: by a limit or the budget. `aborted`: the client left. `lost`: nobody said how, because the
 * isolate died; counted as far as it was last heard of.
 */
type UsageOutcome = "completed" | "failed" | "refused" | "aborted" | "lost";

/** What is known of a request when it has ended. */
export interface UsageEnding {
  readonly outcome: UsageOutcome;
  /** HTTP status; of a stream that of its head. 0: none was sent. */
  readonly status: number;
  readonly errorCode: string | null;
  readonly counts: UsageCounts;
  /** The name the client asked for, and the one that answered; null where no target LM was asked. */
  readonly model: string | null;
  readonly target: string | null;
  /** Who counted the prompt and the completion: the provider, or we (about). */
  readonly countedBy: "provider" | "estimate" | null;
  /** What was taken from caches (`embedding`, `retrieval`, `answer`), comma-separated: it has cost no tokens. */
  readonly cached: string;
  readonly durationMs: number;
  /** Milliseconds by stage, as in `Server-Timing`. */
  readonly stages: Readonly<Record<string, number>>;
}

/** One request, ended. */
export interface UsageRecord extends UsageSubject, UsageEnding {
  /** Milliseconds since 1970, by the clock of whoever counts for the key. */
  readonly startedAt: number;
}

/** Tokens that limits and budgets count: those that a model has read or written. */
export function countedTokens({ embedTokens, promptTokens, completionTokens }: UsageCounts): number {
  return embedTokens + promptTokens + completionTokens;
}
