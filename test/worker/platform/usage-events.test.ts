import { describe, it } from "vitest";
import { withUsageEvents } from "../../../src/platform/usage-events.ts";
import type { UsageSink } from "../../../src/usage/usage-outbox.ts";
import type { UsageRecord } from "../../../src/usage/usage-record.ts";
import { usageEnding, usageSubject } from "../../support/usage-records.ts";

/** Analytics Engine's binding, which remembers. */
function fakeDataset(): AnalyticsEngineDataset & { readonly points: AnalyticsEngineDataPoint[] } {
  const points: AnalyticsEngineDataPoint[] = [];
  return { points, writeDataPoint: (point) => void points.push(point ?? {}) };
}

function recordOf(id: string): UsageRecord {
  return { ...usageSubject(id), ...usageEnding({ promptTokens: 7, nanoUsd: 9 }), startedAt: 1 };
}

const sink: UsageSink = { insert: () => Promise.resolve() };

describe("withUsageEvents", () => {
  it("writes a point for each record that the database has taken, by key, with its counts", async ({ expect }) => {
    const dataset = fakeDataset();
    const record = recordOf("a");
    await withUsageEvents(sink, dataset).insert([record]);
    expect(dataset.points).toEqual([
      {
        indexes: ["key"],
        blobs: ["acme", "POST", "/v1/retrieve", "completed", "", "gpt", "gpt", ""],
        doubles: [200, 12, 0, 0, 0, 0, 7, 0, 9],
      },
    ]);
  });

  it("writes none of what the database did not take", async ({ expect }) => {
    const dataset = fakeDataset();
    const failing: UsageSink = { insert: () => Promise.reject(new Error("D1 is away")) };
    await expect(withUsageEvents(failing, dataset).insert([recordOf("a")])).rejects.toThrow("away");
    expect(dataset.points).toEqual([]);
  });

  it("writes no more than one invocation may, and is the sink itself without the binding", async ({ expect }) => {
    const dataset = fakeDataset();
    await withUsageEvents(sink, dataset).insert(Array.from({ length: 300 }, (_, index) => recordOf(String(index))));
    expect(dataset.points).toHaveLength(250);
    expect(withUsageEvents(sink, undefined)).toBe(sink);
  });
});
