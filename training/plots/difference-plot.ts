import type { TopLevelSpec } from "vega-lite";
import { COLORS } from "./theme.ts";

/** A mean difference with its interval. */
export interface Difference {
  readonly name: string;
  /** Panel it stands in: a measure. Panels share names, not scales. */
  readonly panel: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface DifferencePlotOptions {
  readonly differences: readonly Difference[];
  readonly title: string;
  readonly width?: number;
}

/** Differences to a base as points with intervals; an interval that does not hold 0 is drawn in colour. */
export function differencePlot({ differences, title, width = 200 }: DifferencePlotOptions): TopLevelSpec {
  const names = new Set(differences.map(({ name }) => name));
  const values = differences.map((difference) => ({ ...difference, side: sideOf(difference) }));
  const panels = [...new Set(differences.map(({ panel }) => panel))];
  const color = {
    field: "side",
    type: "nominal" as const,
    legend: null,
    scale: { domain: ["above", "below", "open"], range: [COLORS.positive, COLORS.negative, COLORS.neutral] },
  };
  const y = { field: "name", type: "nominal" as const, title: null, sort: [...names], axis: { labelLimit: 420 } };
  return {
    data: { values },
    facet: { column: { field: "panel", type: "nominal", title: null, sort: panels } },
    resolve: { scale: { x: "independent" } },
    spec: {
      width,
      height: { step: 24 },
      layer: [
        {
          mark: { type: "rule", strokeWidth: 2.5, strokeCap: "round" },
          encoding: {
            x: { field: "low", type: "quantitative", title, axis: { format: "+.3~f", tickCount: 4 } },
            x2: { field: "high" },
            y,
            color,
          },
        },
        {
          mark: { type: "point", filled: true, size: 60, opacity: 1 },
          encoding: { x: { field: "mean", type: "quantitative" }, y, color },
        },
        {
          mark: { type: "rule", strokeDash: [3, 3], color: COLORS.muted },
          encoding: { x: { datum: 0 } },
        },
      ],
    },
  };
}

function sideOf({ low, high }: Difference): "above" | "below" | "open" {
  if (low > 0) {
    return "above";
  }
  return high < 0 ? "below" : "open";
}
