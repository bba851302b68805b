import type { UsageSink } from "./usage-outbox.ts";

/** What usage can be told by. */
export const USAGE_GROUPS = ["tenant", "key", "day", "model"] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

export interface UsageQuery {
  /** One row for each combination of these; none: one row in all. */
  readonly groupBy: readonly UsageGroup[];
  /** Days, `2026-11-26`, both included. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly keyId?: string | undefined;
  readonly tenant?: string | undefined;
  readonly model?: string | undefined;
}

/** Sums over requests; fields of groups that were not asked for are left out. */
export interface UsageSum {
  readonly tenant?: string;
  readonly key?: string;
  readonly day?: string;
  readonly model?: string;
  readonly requests: number;
  readonly completed: number;
  readonly failed: number;
  readonly refused: number;
  readonly aborted: number;
  readonly lost: number;
  readonly retrievals: number;
  readonly embedTokens: number;
  readonly vectorsQueried: number;
  readonly contextTokens: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly nanoUsd: number;
}

/** Usage at rest. */
export interface UsageStore extends UsageSink {
  /** In the order of the groups. */
  sum(query: UsageQuery): Promise<readonly UsageSum[]>;
}
