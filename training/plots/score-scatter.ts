import type { TopLevelSpec } from "vega-lite";
import { COLORS } from "./theme.ts";

interface ScorePoint {
  readonly base: number;
  readonly ours: number;
}

export interface ScoreScatterOptions {
  readonly points: readonly ScorePoint[];
  readonly baseName: string;
  readonly name: string;
  readonly measure: string;
}

/**
 * One measure of every query under two rows. Queries with the same pair of scores are one circle whose area is their
 * number: most queries of a set have one of a few scores, and points on top of each other would hide it.
 */
export function scoreScatter({ points, baseName, name, measure }: ScoreScatterOptions): TopLevelSpec {
  const counts = new Map<string, { base: number; ours: number; count: number; side: string }>();
  for (const { base, ours } of points) {
    const key = `${base.toFixed(3)} ${ours.toFixed(3)}`;
    const known = counts.get(key) ?? { base, ours, count: 0, side: sideOf({ base, ours }) };
    counts.set(key, { ...known, count: known.count + 1 });
  }
  const axis = { tickCount: 5, format: ".1f" };
  return {
    width: 300,
    height: 300,
    layer: [
      {
        data: {
          values: [
            { base: 0, ours: 0 },
            { base: 1, ours: 1 },
          ],
        },
        mark: { type: "line", strokeDash: [3, 3], color: COLORS.muted, strokeWidth: 1 },
        encoding: { x: { field: "base", type: "quantitative" }, y: { field: "ours", type: "quantitative" } },
      },
      {
        data: { values: [...counts.values()] },
        mark: { type: "circle", opacity: 0.75, stroke: null },
        encoding: {
          x: { field: "base", type: "quantitative", title: `${measure}, ${baseName}`, scale: { domain: [0, 1] }, axis },
          y: { field: "ours", type: "quantitative", title: `${measure}, ${name}`, scale: { domain: [0, 1] }, axis },
          size: { field: "count", type: "quantitative", title: "queries", scale: { range: [18, 500] } },
          color: {
            field: "side",
            type: "nominal",
            title: null,
            scale: { domain: ["better", "worse", "equal"], range: [COLORS.positive, COLORS.negative, COLORS.neutral] },
          },
        },
      },
    ],
  };
}

function sideOf({ base, ours }: ScorePoint): string {
  if (ours === base) {
    return "equal";
  }
  return ours > base ? "better" : "worse";
}
