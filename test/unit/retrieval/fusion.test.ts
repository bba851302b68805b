import * as fc from "fast-check";
import { describe, test } from "vitest";
import { DEFAULT_FUSION, fuse } from "../../../src/retrieval/fusion.ts";
import { reciprocalRankFusion } from "../../../src/retrieval/reciprocal-rank-fusion.ts";
import { runArbitrary } from "../../support/run-arbitrary.ts";

describe("fuse", () => {
  const dense = [
    { id: "a", score: 0.8 },
    { id: "b", score: 0.2 },
  ];
  const lexical = [
    { id: "b", score: 10 },
    { id: "c", score: 5 },
  ];

  test("rrf: by ranks, with the collection's rrfK", ({ expect }) => {
    expect(fuse({ dense, lexical, similarity: "cosine" }, { method: "rrf", rrfK: 1 })).toEqual([
      { id: "b", score: 1 / 3 + 1 / 2 },
      { id: "a", score: 1 / 2 },
      { id: "c", score: 1 / 3 },
    ]);
  });

  test("convex: cosine starts at -1, bm25 at 0", ({ expect }) => {
    const settings = { method: "convex", weight: 0.5, normalization: "theoretical" } as const;
    const fused = fuse({ dense, lexical, similarity: "cosine" }, settings);
    expect(fused.map(({ id }) => id)).toEqual(["b", "a", "c"]);
    expect(fused[0]?.score).toBeCloseTo(0.5 * (1.2 / 1.8) + 0.5, 12);
  });

  test("convex: a run as long as the depth counts as cut", ({ expect }) => {
    const settings = { method: "convex", weight: 0.5, normalization: "theoretical" } as const;
    const scoreOfA = (depth: number): number | undefined =>
      fuse({ dense, lexical, similarity: "cosine", depth }, settings).find(({ id }) => id === "a")?.score;
    expect(scoreOfA(3)).toBe(0.5);
    expect(scoreOfA(2)).toBe(0.75);
  });

  test("the default gives each passage of both runs once", ({ expect }) => {
    fc.assert(
      fc.property(runArbitrary, runArbitrary, (dense, lexical) => {
        const fused = fuse({ dense, lexical, similarity: "cosine" }, DEFAULT_FUSION).map(({ id }) => id);
        expect(fused.toSorted()).toEqual([...new Set([...dense, ...lexical].map(({ id }) => id))].toSorted());
      }),
    );
  });
});

describe("reciprocalRankFusion", () => {
  test("ties keep the order of the first run", ({ expect }) => {
    const toRun = (ids: string) => Array.from(ids, (id) => ({ id, score: 1 }));
    expect(reciprocalRankFusion([toRun("ab"), toRun("ba")], 60).map(({ id }) => id)).toEqual(["a", "b"]);
    expect(reciprocalRankFusion([toRun("a"), toRun("z")], 60).map(({ id }) => id)).toEqual(["a", "z"]);
  });

  test("of no or empty runs is empty", ({ expect }) => {
    expect(reciprocalRankFusion([], 60)).toEqual([]);
    expect(reciprocalRankFusion([[], []], 60)).toEqual([]);
  });

  test("scores do not depend on the order of the runs", ({ expect }) => {
    fc.assert(
      fc.property(runArbitrary, runArbitrary, (one, other) => {
        const toRecord = (runs: readonly (typeof one)[]) =>
          new Map(reciprocalRankFusion(runs, 60).map(({ id, score }) => [id, score]));
        expect(toRecord([one, other])).toEqual(toRecord([other, one]));
      }),
    );
  });

  test("a better rank in one run never lowers a passage", ({ expect }) => {
    fc.assert(
      fc.property(runArbitrary, runArbitrary, fc.nat(), (one, other, pick) => {
        fc.pre(one.length > 1);
        const from = 1 + (pick % (one.length - 1));
        const raised = one[from];
        fc.pre(raised !== undefined);
        const better = one.toSpliced(from, 1).toSpliced(from - 1, 0, raised ?? { id: "", score: 0 });
        const rankOf = (run: typeof one): number =>
          reciprocalRankFusion([run, other], 60).findIndex(({ id }) => id === raised?.id);
        expect(rankOf(better)).toBeLessThanOrEqual(rankOf(one));
      }),
    );
  });
});
