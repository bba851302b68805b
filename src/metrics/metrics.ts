import { BUCKETS, type CounterName, type HistogramName } from "./metric-names.ts";

/** Sums by series, each named as a line of Prometheus' text names it: `aar_cache_total{result="hit",stage="answer"}`. */
export type Series = Readonly<Record<string, number>>;

type Labels = Readonly<Record<string, string | number>>;

/** Series that are kept; what comes beyond is not counted. Far more than routes, targets and stages make. */
export const MAX_SERIES = 5_000;

/** A series before it is named: names cost more than counting, and are made when counts are taken. */
interface Entry {
  readonly name: string;
  readonly labels: Labels;
  /** Of a counter: its sum. Of a histogram: observations by the first bound that holds them, the last one for none. */
  readonly counts: Float64Array;
  sum: number;
}

/** Counts in memory until they are taken. */
export class Metrics {
  #entries = new Map<string, Entry>();
  #series = 0;

  count(name: CounterName, labels: Labels, by = 1): void {
    const entry = this.#entry(name, labels, 1);
    if (entry !== undefined) {
      entry.sum += by;
    }
  }

  observe(name: HistogramName, labels: Labels, seconds: number): void {
    const entry = this.#entry(name, labels, BUCKETS.length + 1);
    if (entry !== undefined) {
      const found = BUCKETS.findIndex((bound) => seconds <= bound);
      const bucket = found < 0 ? BUCKETS.length : found;
      entry.counts[bucket] = (entry.counts[bucket] ?? 0) + 1;
      entry.sum += seconds;
    }
  }

  /** What was counted since it was last taken. */
  take(): Series {
    const taken: Record<string, number> = {};
    for (const [series, value] of [...this.#entries.values()].flatMap(seriesOf)) {
      taken[series] = (taken[series] ?? 0) + value;
    }
    this.#entries = new Map();
    this.#series = 0;
    return taken;
  }

  #entry(name: string, labels: Labels, size: number): Entry | undefined {
    const key = `${name}\0${Object.values(labels).join("\0")}`;
    const known = this.#entries.get(key);
    if (known !== undefined || this.#series >= MAX_SERIES) {
      return known;
    }
    // A histogram is a series for each of its bounds, and two more.
    this.#series += size === 1 ? 1 : size + 2;
    const entry: Entry = { name, labels, counts: new Float64Array(size), sum: 0 };
    this.#entries.set(key, entry);
    return entry;
  }
}

function seriesOf({ name, labels, counts, sum }: Entry): (readonly [series: string, value: number])[] {
  if (counts.length === 1) {
    return [[seriesName(name, labels), sum]];
  }
  let count = 0;
  const buckets = Array.from(counts, (observations, index) => {
    count += observations;
    return [seriesName(`${name}_bucket`, { ...labels, le: BUCKETS[index] ?? "+Inf" }), count] as const;
  });
  return [...buckets, [seriesName(`${name}_sum`, labels), sum], [seriesName(`${name}_count`, labels), count]];
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
