import type { TopLevelSpec } from "vega-lite";

interface HistogramValue {
  readonly series: string;
  readonly value: number;
}

export interface HistogramOptions {
  readonly values: readonly HistogramValue[];
  readonly title: string;
  /** What is counted. */
  readonly unit: string;
  readonly bins?: number;
}

/** How values are distributed, a translucent area of bars for each series, each as a share of its own values. */
export function histogram({ values, title, unit, bins = 40 }: HistogramOptions): TopLevelSpec {
  const series = [...new Set(values.map(({ series }) => series))];
  const rows = series.flatMap((name) => sharesOf(name, { values, bins }));
  return {
    width: 440,
    height: 200,
    data: { values: rows },
    mark: { type: "bar", opacity: 0.6, binSpacing: 0 },
    encoding: {
      x: { field: "from", bin: "binned", title, axis: { grid: false, tickCount: 8 } },
      x2: { field: "to" },
      y: {
        field: "share",
        type: "quantitative",
        title: `share of ${unit}`,
        stack: null,
        axis: { format: "%", tickCount: 4 },
      },
      color: { field: "series", type: "nominal", title: null, sort: series },
    },
  };
}

interface Bar {
  readonly series: string;
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

function sharesOf(
  series: string,
  { values, bins }: { readonly values: readonly HistogramValue[]; readonly bins: number },
): Bar[] {
  const all = values.map(({ value }) => value);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const width = (high - low || 1) / bins;
  const counts = Array.from({ length: bins }, () => 0);
  const own = values.filter((value) => value.series === series);
  for (const { value } of own) {
    const bin = Math.min(bins - 1, Math.floor((value - low) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((count, bin) => ({
    series,
    from: low + bin * width,
    to: low + (bin + 1) * width,
    share: count / own.length,
  }));
}
