import { describe, it } from "vitest";
import { meanOverlap } from "../../../../training/preferences/overlap.ts";

const sets = (table: Readonly<Record<string, readonly string[]>>) =>
  new Map(Object.entries(table).map(([id, members]) => [id, new Set(members)]));

describe("meanOverlap", () => {
  it("is the mean Jaccard of the questions that both have", ({ expect }) => {
    const a = sets({ q1: ["x"], q2: ["x", "y"], q3: ["x"], only: ["x"] });
    const b = sets({ q1: ["x", "y"], q2: ["x", "y"], q3: ["z"] });
    // 1/2, 1, 0
    expect(meanOverlap(a, b)).toEqual({ jaccard: 0.5, questions: 3 });
  });

  it("counts a question where one side is empty, leaves out one where both are, and is 0 without any", ({ expect }) => {
    expect(meanOverlap(sets({ q1: [], q2: ["x"] }), sets({ q1: [], q2: [] }))).toEqual({ jaccard: 0, questions: 1 });
    expect(meanOverlap(sets({}), sets({}))).toEqual({ jaccard: 0, questions: 0 });
  });
});
