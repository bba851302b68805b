import type { TopLevelSpec } from "vega-lite";

/** What a trainer says after a step. */
export interface CurvePoint {
  /** Name of the training run. */
  readonly series: string;
  readonly step: number;
  readonly value: number;
}

export interface TrainingCurvesOptions {
  readonly points: readonly CurvePoint[];
  /** Of the vertical axis: "loss", "dev nDCG@10". */
  readonly title: string;
  readonly width?: number;
}

/** Names in rows of two: one row of all of them would make the chart as wide as they are. */
const LEGEND = { columns: 2, labelLimit: 0 } as const;

/** A value over training steps, a line for each run. Points are drawn too: a dev measure has few. */
export function trainingCurves({ points, title, width = 270 }: TrainingCurvesOptions): TopLevelSpec {
  const hasMany = points.length > 60;
  return {
    width,
    height: 190,
    data: { values: [...points] },
    mark: { type: "line", point: hasMany ? false : { size: 28 }, strokeWidth: 1.8, interpolate: "linear" },
    encoding: {
      x: { field: "step", type: "quantitative", title: "step", axis: { grid: false, format: "~s", tickCount: 6 } },
      y: { field: "value", type: "quantitative", title, scale: { zero: false }, axis: { tickCount: 5 } },
      color: { field: "series", type: "nominal", title: null, sort: null, legend: LEGEND },
      strokeDash: { field: "series", type: "nominal", title: null, sort: null, legend: LEGEND },
    },
  };
}
