import { describe, it } from "vitest";
import { formatMarginHistogram, MarginHistogram, suggestMargin } from "../../../../training/mining/margin-histogram.ts";

function histogramOf(entries: readonly (readonly [ratio: number, count: number, withAnswer: number])[]) {
  const histogram = new MarginHistogram();
  for (const [ratio, count, withAnswer] of entries) {
    for (let index = 0; index < count; index++) {
      histogram.add(ratio, index < withAnswer);
    }
  }
  return histogram.bins;
}

describe("MarginHistogram", () => {
  it("puts a ratio on an edge into the bin that starts there, and what is outside into the outer bins", ({
    expect,
  }) => {
    const bins = histogramOf([
      [0.95, 2, 1],
      [0.9499, 1, 0],
      [-1, 3, 0],
      [7, 4, 4],
    ]);
    const filled = bins.filter(({ candidates }) => candidates > 0);
    expect(filled).toEqual([
      { from: 0.5, candidates: 3, withAnswer: 0 },
      { from: 0.9, candidates: 1, withAnswer: 0 },
      { from: 0.95, candidates: 2, withAnswer: 1 },
      { from: 1.15, candidates: 4, withAnswer: 4 },
    ]);
  });
});

describe("suggestMargin", () => {
  it("takes the widest margin that rejects at most a fifth when there are no answers", ({ expect }) => {
    // From 0.9 up: 30 of 100; from 0.95 up: 20 of 100.
    expect(
      suggestMargin(
        histogramOf([
          [0.6, 70, 0],
          [0.92, 10, 0],
          [0.97, 20, 0],
        ]),
      ),
    ).toBe(0.05);
  });

  it("with answers takes the margin that tells best who holds one", ({ expect }) => {
    // At 0.85 all 60 with an answer and 40 of 1,000 without are rejected; at 0.95 only 20 of 60 and 20 of 1,000.
    expect(
      suggestMargin(
        histogramOf([
          [0.6, 960, 0],
          [0.86, 60, 40],
          [0.97, 40, 20],
        ]),
      ),
    ).toBe(0.15);
  });

  it("never suggests to keep what is nearer than the anchor, and nothing without candidates", ({ expect }) => {
    expect(suggestMargin(histogramOf([[1.1, 100, 0]]))).toBe(0);
    expect(suggestMargin(histogramOf([]))).toBeUndefined();
  });
});

describe("formatMarginHistogram", () => {
  it("shows what each margin would reject", ({ expect }) => {
    const lines = formatMarginHistogram(
      histogramOf([
        [0.6, 3, 0],
        [0.97, 1, 1],
      ]),
    ).split("\n");
    expect(lines.find((line) => line.startsWith("0.95"))?.split(/\s{2,}/u)).toEqual([
      "0.95 and up",
      "1",
      "0.05",
      "25.0 %",
      "100.0 %",
      "0.0 %",
    ]);
  });
});
