import { COUNTERS, HISTOGRAMS } from "./metric-names.ts";
import type { Series } from "./metrics.ts";

/** Prometheus' text format, version 0.0.4: families in the order of their names' registry, buckets in the order of their bounds. */
export function renderMetrics(series: Series): string {
  const families = [
    ...Object.entries(COUNTERS).map(([name, help]) => ({ name, help, type: "counter", suffixes: [""] })),
    ...Object.entries(HISTOGRAMS).map(([name, help]) => ({
      name,
      help,
      type: "histogram",
      suffixes: ["_bucket", "_sum", "_count"],
    })),
  ];
  const entries = Object.entries(series).toSorted(([left], [right]) => compareSeries(left, right));
  return families
    .map(({ name, help, type, suffixes }) => {
      const lines = suffixes.flatMap((suffix) =>
        entries.filter(([line]) => familyOf(line) === name + suffix).map(([line, value]) => `${line} ${value}`),
      );
      return lines.length === 0 ? "" : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("\n")}\n`;
    })
    .join("");
}

function familyOf(line: string): string {
  return line.split("{", 1)[0] ?? line;
}

function compareSeries(left: string, right: string): number {
  const [a, b] = [withoutBound(left), withoutBound(right)];
  return a === b ? boundOf(left) - boundOf(right) : a < b ? -1 : 1;
}

function withoutBound(line: string): string {
  return line.replace(/le="[^"]*"/u, "");
}

function boundOf(line: string): number {
  const bound = /le="([^"]*)"/u.exec(line)?.[1];
  return bound === undefined ? 0 : bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound);
}
