import type { Config } from "vega-lite";

/**
 * Colours are CSS variables, so one SVG reads well on white, on black and on paper; the value after the comma is for
 * viewers outside of a page that defines them. Series colours are Okabe and Ito's, which colour-blind people tell apart.
 */
export const COLORS = {
  ink: "var(--ink, #1d2430)",
  muted: "var(--muted, #5c6675)",
  line: "var(--line, #d5dae1)",
  positive: "var(--series-3, #009e73)",
  negative: "var(--series-2, #d55e00)",
  neutral: "var(--series-0, #8a94a3)",
} as const;

/** In the order in which rows take them. */
const SERIES_COLORS: readonly string[] = [
  "var(--series-1, #0072b2)",
  "var(--series-2, #d55e00)",
  "var(--series-3, #009e73)",
  "var(--series-4, #cc79a7)",
  "var(--series-5, #b98300)",
  "var(--series-6, #56b4e9)",
];

/** Shapes tell series apart in print too. */
const SERIES_SHAPES: readonly string[] = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"];

const FONT = "system-ui, sans-serif";

/** Quiet axes, no box, no background of its own. */
export const PLOT_CONFIG: Config = {
  aria: false, // a description of every mark triples a plot; the captions and tables say what it shows
  background: "transparent",
  font: FONT,
  view: { stroke: null },
  axis: {
    domainColor: COLORS.line,
    gridColor: COLORS.line,
    gridOpacity: 0.6,
    tickColor: COLORS.line,
    labelColor: COLORS.muted,
    titleColor: COLORS.ink,
    titleFontWeight: 500,
    labelFontSize: 11,
    titleFontSize: 12,
  },
  legend: {
    labelColor: COLORS.ink,
    titleColor: COLORS.ink,
    labelFontSize: 11,
    titleFontSize: 11,
    orient: "top",
    symbolBaseFillColor: COLORS.neutral,
    symbolBaseStrokeColor: COLORS.neutral,
  },
  header: { labelColor: COLORS.ink, titleColor: COLORS.ink, labelFontSize: 12, labelFontWeight: 600 },
  title: { color: COLORS.ink, fontSize: 13, anchor: "start", fontWeight: 600 },
  text: { color: COLORS.ink },
  rule: { color: COLORS.muted },
  range: { category: [...SERIES_COLORS], symbol: [...SERIES_SHAPES] },
};
