import type { TopLevelSpec } from "vega-lite";
import { COLORS } from "./theme.ts";

/** A gain after training on so many questions, with its interval. */
interface LearningPoint {
  /** Where the labels are from. */
  readonly series: string;
  /** Panel it stands in: a set's part. Panels have scales of their own. */
  readonly panel: string;
  /** Labelled training questions. */
  readonly questions: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface LearningCurveOptions {
  readonly points: readonly LearningPoint[];
  /** Of the vertical axis: "gain of nDCG@10". */
  readonly title: string;
}

const PANEL = { width: 210, height: 150, columns: 3 } as const;

/** Gains by the number of labelled questions, a line and a band for each origin of the labels. */
export function learningCurve({ points, title }: LearningCurveOptions): TopLevelSpec {
  const x = {
    field: "questions",
    type: "quantitative" as const,
    title: "labelled questions",
    scale: { type: "log" as const, nice: false },
    axis: {
      grid: false,
      values: [...new Set(points.map(({ questions }) => questions))],
      format: "d",
      labelOverlap: true,
    },
  };
  const legend = { labelLimit: 0, columns: 1 };
  const color = { field: "series", type: "nominal" as const, title: null, sort: null, legend };
  return {
    data: { values: [...points] },
    facet: { field: "panel", type: "nominal", title: null, sort: [...new Set(points.map(({ panel }) => panel))] },
    columns: PANEL.columns,
    resolve: { scale: { x: "independent", y: "independent" } },
    spec: {
      width: PANEL.width,
      height: PANEL.height,
      layer: [
        {
          mark: { type: "area", opacity: 0.15 },
          encoding: {
            x,
            y: { field: "low", type: "quantitative", title, axis: { format: "+.3~f", tickCount: 5 } },
            y2: { field: "high" },
            color,
          },
        },
        {
          mark: { type: "line", point: { size: 36 }, strokeWidth: 1.8 },
          encoding: { x, y: { field: "mean", type: "quantitative", title }, color },
        },
        { mark: { type: "rule", strokeDash: [3, 3], color: COLORS.muted }, encoding: { y: { datum: 0 } } },
      ],
    },
  };
}
