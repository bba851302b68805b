import type { CacheStore } from "../../src/caching/cache-store.ts";
import type { CacheResult, CacheStage, Caching } from "../../src/caching/caching.ts";
import { MemoryCache } from "../../src/caching/memory-cache.ts";
import type { StageCache } from "../../src/caching/remember.ts";

export interface ObservedCaching extends Caching {
  /** `stage=result`, in the order in which they were reported. */
  readonly reports: readonly string[];
}

/** How a request may cache, which remembers what it was told. */
export function observedCaching(caching: Partial<Omit<Caching, "report">> = {}): ObservedCaching {
  const reports: string[] = [];
  return {
    scope: "acme",
    canRead: true,
    canWrite: true,
    ...caching,
    reports,
    report: (stage: CacheStage, result: CacheResult) => reports.push(`${stage}=${result}`),
  };
}

/** A cache of a stage in memory, and its clock in milliseconds; `written` resolves when what was deferred is done. */
export function memoryStageCache(): StageCache & {
  readonly store: CacheStore;
  readonly clock: { now: number };
  readonly written: () => Promise<void>;
} {
  const clock = { now: 0 };
  const deferred: Promise<unknown>[] = [];
  return {
    store: new MemoryCache({ maxBytes: 1_000_000, now: () => clock.now }),
    ttlSeconds: 60,
    defer: (work) => deferred.push(work),
    clock,
    written: async () => {
      await Promise.all(deferred);
    },
  };
}
