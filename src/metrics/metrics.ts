import { BUCKETS, type CounterName, type HistogramName } from "./metric-names.ts";

/** Sums by series, each named as a line of Prometheus' text names it: `aar_cache_total{result="hit",stage="answer"}`. */
export type Series = Readonly<Record<string, number>>;

type Labels = Readonly<Record<string, string | number>>;

/** Series that are kept; what comes beyond is not counted. Far more than routes, targets and stages make. */
export const MAX_SERIES = 5_000;

/** Counts in memory until they are taken. */
export class Metrics {
  #series = new Map<string, number>();

  count(name: CounterName, labels: Labels, by = 1): void {
    this.#add(seriesName(name, labels), by);
  }

  observe(name: HistogramName, labels: Labels, seconds: number): void {
    for (const bound of BUCKETS) {
      if (seconds <= bound) {
        this.#add(seriesName(`${name}_bucket`, { ...labels, le: bound }), 1);
      }
    }
    this.#add(seriesName(`${name}_bucket`, { ...labels, le: "+Inf" }), 1);
    this.#add(seriesName(`${name}_sum`, labels), seconds);
    this.#add(seriesName(`${name}_count`, labels), 1);
  }

  /** What was counted since it was last taken. */
  take(): Series {
    const taken = Object.fromEntries(this.#series);
    this.#series = new Map();
    return taken;
  }

  #add(series: string, by: number): void {
    const known = this.#series.get(series);
    if (known !== undefined || this.#series.size < MAX_SERIES) {
      this.#series.set(series, (known ?? 0) + by);
    }
  }
}

function seriesName(name: string, labels: Labels): string {
  const pairs = Object.entries(labels)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([label, value]) => `${label}="${escape(String(value))}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
