import type { MetricsSink } from "../../src/metrics/metrics-hub.ts";

/** Adds up in memory, as the Worker's object does. */
export function memoryMetricsSink(): MetricsSink {
  const sums = new Map<string, number>();
  return {
    add: (series) => {
      for (const [name, value] of Object.entries(series)) {
        sums.set(name, (sums.get(name) ?? 0) + value);
      }
      return Promise.resolve();
    },
    read: () => Promise.resolve(Object.fromEntries(sums)),
  };
}
