import { describe, it } from "vitest";
import { gainByGroup } from "../../../../training/report/gain-by-group.ts";

/** 20 "who" questions that gained 0.5 and 12 "when" questions that lost 0.25; 3 "why", too few for a group. */
const QUESTIONS = Array.from({ length: 35 }, (_, index) => ({
  id: `q${index}`,
  text: index < 20 ? "who?" : index < 32 ? "when?" : "why?",
  popularity: index + 1,
}));
const theirs = new Map(QUESTIONS.map(({ id }) => [id, { AP: 0.5 }]));
const ours = new Map(
  QUESTIONS.map(({ id, text }) => [id, { AP: text === "who?" ? 1 : text === "when?" ? 0.25 : 0.5 }]),
);

describe("gainByGroup", () => {
  it("averages the differences of each kind, the largest first, and joins small kinds", ({ expect }) => {
    const gains = gainByGroup({ questions: QUESTIONS, ours, theirs, measure: "AP", seed: 0 });
    expect(gains.filter(({ panel }) => panel === "by question")).toEqual([
      { name: "who (20)", panel: "by question", mean: 0.5, low: 0.5, high: 0.5 },
      { name: "when (12)", panel: "by question", mean: -0.25, low: -0.25, high: -0.25 },
      { name: "other (3)", panel: "by question", mean: 0, low: 0, high: 0 },
    ]);
  });

  it("cuts the questions into quarters of popularity", ({ expect }) => {
    const gains = gainByGroup({ questions: QUESTIONS, ours, theirs, measure: "AP", seed: 0 });
    const popular = gains.filter(({ panel }) => panel === "by popularity");
    expect(popular.map(({ name }) => name)).toEqual([
      "1 to 8 views",
      "9 to 17 views",
      "18 to 26 views",
      "27 to 35 views",
    ]);
    expect(popular[0]?.mean).toBe(0.5);
    expect(popular[3]?.mean).toBeCloseTo((6 * -0.25) / 9, 12);
  });

  it("has no popularity where the set knows none", ({ expect }) => {
    const unknown = QUESTIONS.map(({ id, text }) => ({ id, text }));
    const gains = gainByGroup({ questions: unknown, ours, theirs, measure: "AP", seed: 0 });
    expect(new Set(gains.map(({ panel }) => panel))).toEqual(new Set(["by question"]));
  });
});
