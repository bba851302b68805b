import { describe, it } from "vitest";
import { holm } from "../../../../training/eval/holm.ts";

describe("holm", () => {
  it("equals statsmodels' multipletests(method='holm'), in the order given", ({ expect }) => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005, 0.2, 0.04]);
    const expected = [0.05, 0.12, 0.12, 0.03, 0.2, 0.12];
    expect(adjusted.map((p, index) => Math.abs(p - (expected[index] ?? NaN)) < 1e-12)).not.toContain(false);
  });

  it("leaves one p-value as it is, and none above 1", ({ expect }) => {
    expect(holm([0.03])).toEqual([0.03]);
    expect(holm([0.6, 0.7])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });
});
