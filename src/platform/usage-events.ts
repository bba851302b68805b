import type { UsageSink } from "../usage/usage-outbox.ts";
import type { UsageRecord } from "../usage/usage-record.ts";

/** Data points that one invocation may write. */
const MAX_POINTS = 250;

/**
 * Writes what the database has taken to Analytics Engine as well, where there is one: for dashboards, at most once, sampled
 * by the platform. Bills are made from the database.
 */
export function withUsageEvents(sink: UsageSink, events: AnalyticsEngineDataset | undefined): UsageSink {
  if (events === undefined) {
    return sink;
  }
  return {
    async insert(records) {
      await sink.insert(records);
      for (const record of records.slice(0, MAX_POINTS)) {
        events.writeDataPoint(dataPoint(record));
      }
    },
  };
}

/** Blobs: tenant, method, path, outcome, error, model, target, cached. Doubles: status, duration, then the counts. */
function dataPoint(record: UsageRecord): AnalyticsEngineDataPoint {
  const { tenant, method, path, outcome, errorCode, model, target, status, durationMs, counts } = record;
  return {
    indexes: [record.keyId],
    blobs: [tenant, method, path, outcome, errorCode ?? "", model ?? "", target ?? "", record.cached],
    doubles: [
      status,
      durationMs,
      counts.retrievals,
      counts.embedTokens,
      counts.vectorsQueried,
      counts.contextTokens,
      counts.promptTokens,
      counts.completionTokens,
      counts.nanoUsd,
    ],
  };
}
