import { describe, it } from "vitest";
import { differencePlot } from "../../../../training/plots/difference-plot.ts";
import { histogram } from "../../../../training/plots/histogram.ts";
import { learningCurve } from "../../../../training/plots/learning-curve.ts";
import { renderSvg } from "../../../../training/plots/render-svg.ts";
import { scoreScatter } from "../../../../training/plots/score-scatter.ts";
import { trainingCurves } from "../../../../training/plots/training-curves.ts";

const CHARTS = {
  differencePlot: differencePlot({
    title: "difference",
    differences: [
      { name: "above", panel: "AP", mean: 0.2, low: 0.1, high: 0.3 },
      { name: "below", panel: "AP", mean: -0.2, low: -0.3, high: -0.1 },
      { name: "open", panel: "MRR", mean: 0.2, low: -0.1, high: 0.3 },
    ],
  }),
  histogram: histogram({
    values: [0, 0.5, 1, 1].map((value, index) => ({ series: index < 2 ? "a" : "b", value })),
    title: "gain",
    unit: "passages",
    bins: 2,
  }),
  learningCurve: learningCurve({
    points: [200, 800].flatMap((questions) => [
      { series: "people", panel: "seen", questions, mean: 0.1, low: 0.05, high: 0.2 },
      { series: "LM", panel: "seen", questions, mean: 0.05, low: -0.05, high: 0.1 },
    ]),
    title: "gain",
  }),
  scoreScatter: scoreScatter({
    points: [
      { base: 0, ours: 1 },
      { base: 0.5, ours: 0.2 },
      { base: 1, ours: 1 },
      { base: 1, ours: 1 },
    ],
    baseName: "base",
    name: "ours",
    measure: "AP",
  }),
  trainingCurves: trainingCurves({
    points: [
      { series: "run", step: 1, value: 2 },
      { series: "run", step: 2, value: 1 },
    ],
    title: "loss",
  }),
};

describe("renderSvg", () => {
  it("writes coordinates to a hundredth of a pixel", async ({ expect }) => {
    const svg = await renderSvg(CHARTS.scoreScatter);
    expect(svg).toMatch(/\bd="[^"]*\d\.\d/u);
    expect(svg).not.toMatch(/\b(?:d|transform)="[^"]*\.\d{3}/u);
  });

  it.for(Object.entries(CHARTS))("%s is drawn without a browser, the same each time", async ([, chart], { expect }) => {
    const svg = await renderSvg(chart);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*<\/svg>$/su);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/u);
    expect(await renderSvg(chart)).toBe(svg);
  });

  it("takes its colours from variables of the page, so that a dark page and paper can have their own", async ({
    expect,
  }) => {
    const svg = await renderSvg(CHARTS.differencePlot);
    const painted = [...svg.matchAll(/(?:fill|stroke)="(?<color>[^"]+)"/gu)].map(({ groups }) => groups?.["color"]);
    expect(
      painted.filter((color) => !/^(?:var\(--[a-z0-9-]+, #[0-9a-f]{6}\)|none|transparent)$/u.test(color ?? "")),
    ).toEqual([]);
    for (const variable of ["--series-3", "--series-2", "--series-0"]) {
      expect(svg).toContain(`stroke="var(${variable}, `); // above, below and open
    }
  });

  it("escapes names", async ({ expect }) => {
    const svg = await renderSvg(
      trainingCurves({ points: [{ series: "<script>", step: 1, value: 1 }], title: "a & <b>" }),
    );
    expect(svg).not.toContain("<script>");
    expect(svg).toContain("a &amp; &lt;b&gt;");
  });
});

describe("histogram", () => {
  it("counts each series' own shares over common bins", ({ expect }) => {
    expect(CHARTS.histogram).toMatchObject({
      data: {
        values: [
          { series: "a", from: 0, to: 0.5, share: 0.5 },
          { series: "a", from: 0.5, to: 1, share: 0.5 },
          { series: "b", from: 0, to: 0.5, share: 0 },
          { series: "b", from: 0.5, to: 1, share: 1 },
        ],
      },
    });
  });
});

describe("scoreScatter", () => {
  it("draws equal pairs of scores as one circle that knows their number", ({ expect }) => {
    expect(CHARTS.scoreScatter).toMatchObject({
      layer: [
        {},
        {
          data: {
            values: [
              { base: 0, ours: 1, count: 1, side: "better" },
              { base: 0.5, ours: 0.2, count: 1, side: "worse" },
              { base: 1, ours: 1, count: 2, side: "equal" },
            ],
          },
        },
      ],
    });
  });
});
