import * as fc from "fast-check";
import { describe, test } from "vitest";
import { convexFusion, type LegRun, type Normalization } from "../../../src/retrieval/convex-fusion.ts";
import type { ScoredPassage } from "../../../src/retrieval/types.ts";
import { runArbitrary } from "../../support/run-arbitrary.ts";

const NORMALIZATIONS = ["min-max", "theoretical"] as const satisfies readonly Normalization[];

function leg(scores: Readonly<Record<string, number>>, rest: Partial<LegRun> = {}): LegRun {
  return { run: Object.entries(scores).map(([id, score]) => ({ id, score })), floor: 0, isCut: false, ...rest };
}

function fuseToRecord(dense: LegRun, lexical: LegRun, weight: number, normalization: Normalization) {
  return Object.fromEntries(
    convexFusion({ dense, lexical }, { weight, normalization }).map(({ id, score }) => [id, score]),
  );
}

describe("convexFusion", () => {
  test("min-max: hand-worked", ({ expect }) => {
    const dense = leg({ a: 0.9, b: 0.7, c: 0.5 });
    const lexical = leg({ b: 12, d: 8, a: 4 });
    expect(convexFusion({ dense, lexical }, { weight: 0.5, normalization: "min-max" })).toEqual([
      { id: "b", score: 0.75 },
      { id: "a", score: 0.5 },
      { id: "d", score: 0.25 },
      { id: "c", score: 0 },
    ]);
  });

  test("theoretical: hand-worked, from the floor of each leg", ({ expect }) => {
    const dense = leg({ a: 1, b: 0 }, { floor: -1 });
    const lexical = leg({ b: 8, c: 2 });
    expect(fuseToRecord(dense, lexical, 0.5, "theoretical")).toEqual({ b: 0.75, a: 0.5, c: 0.125 });
  });

  test("theoretical: a passage missing from a cut run gets the run's worst", ({ expect }) => {
    const dense = leg({ a: 1, b: 0 }, { floor: -1, isCut: true });
    const lexical = leg({ b: 8, c: 2 }, { isCut: true });
    expect(fuseToRecord(dense, lexical, 0.5, "theoretical")).toEqual({ b: 0.75, a: 0.625, c: 0.375 });
  });

  test("adapt: the share follows the query's scores, hand-worked", ({ expect }) => {
    // Separations 0.5 and 0.75: odds 1 x 4 x 0.5 / 0.75 = 8/3, a share of 8/11.
    const dense = leg({ a: 1, b: 0 }, { floor: -1 });
    const lexical = leg({ b: 8, c: 2 });
    const fused = convexFusion({ dense, lexical }, { weight: 0.5, normalization: "theoretical", adapt: 1 });
    expect(fused.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    const expected = [8 / 11, (8 / 11) * 0.5 + 3 / 11, (3 / 11) * 0.25];
    for (const [index, { score }] of fused.entries()) {
      expect(score).toBeCloseTo(expected[index] ?? Number.NaN, 12);
    }
  });

  test.for([
    ["min-max", 0],
    ["theoretical", undefined],
  ] as const)(
    "adapt changes nothing under %s with floor %s: separations have no common scale",
    ([normalization, floor], { expect }) => {
      const legs = { dense: leg({ a: 1, b: 0.5, c: 0.2 }, { floor }), lexical: leg({ b: 8, c: 2 }) };
      expect(convexFusion(legs, { weight: 0.5, normalization, adapt: 1 })).toEqual(
        convexFusion(legs, { weight: 0.5, normalization }),
      );
    },
  );

  test("theoretical without a floor is min-max", ({ expect }) => {
    const dense = leg({ a: 30, b: 20, c: -10 }, { floor: undefined, isCut: true });
    const lexical = leg({ d: 2, b: 1 });
    const theoretical = fuseToRecord(dense, { ...lexical, floor: undefined }, 0.3, "theoretical");
    expect(theoretical).toEqual(fuseToRecord(dense, lexical, 0.3, "min-max"));
  });

  test.for(NORMALIZATIONS)("%s: one entry and equal scores count fully", (normalization, { expect }) => {
    const one = fuseToRecord(leg({ a: 0.1 }, { floor: -1 }), leg({}), 0.25, normalization);
    expect(one).toEqual({ a: 0.25 });
    const equal = fuseToRecord(leg({ a: 0.5, b: 0.5 }, { floor: 0.5 }), leg({}), 1, normalization);
    expect(equal).toEqual({ a: 1, b: 1 });
  });

  test.for(NORMALIZATIONS)("%s: empty runs give an empty run", (normalization, { expect }) => {
    expect(convexFusion({ dense: leg({}), lexical: leg({}) }, { weight: 0.5, normalization })).toEqual([]);
  });

  test("ties keep the order of the dense run, then of the lexical one", ({ expect }) => {
    const fused = convexFusion(
      { dense: leg({ x: 1, y: 1 }), lexical: leg({ z: 1, y: 1, x: 1 }) },
      { weight: 0, normalization: "min-max" },
    );
    expect(fused.map(({ id }) => id)).toEqual(["x", "y", "z"]);
  });
});

const legArbitrary = fc.tuple(runArbitrary, fc.boolean()).map(([run, isCut]): LegRun => ({ run, floor: 0, isCut }));
const settings = fc.record({
  weight: fc.double({ min: 0, max: 1, noNaN: true }),
  normalization: fc.constantFrom(...NORMALIZATIONS),
});
const idsOf = (run: readonly ScoredPassage[]): string[] => run.map(({ id }) => id);

describe("convexFusion, for any runs", () => {
  test("has each passage of either run once, best first, scores in 0..1", ({ expect }) => {
    fc.assert(
      fc.property(legArbitrary, legArbitrary, settings, (dense, lexical, options) => {
        const fused = convexFusion({ dense, lexical }, options);
        expect(new Set(idsOf(fused))).toEqual(new Set([...idsOf(dense.run), ...idsOf(lexical.run)]));
        expect(idsOf(fused)).toHaveLength(new Set(idsOf(fused)).size);
        expect(fused).toEqual(fused.toSorted((a, b) => b.score - a.score));
        expect(fused.every(({ score }) => score >= 0 && score <= 1 + 1e-12)).toBe(true);
      }),
    );
  });

  test("weight 1 keeps the dense order, weight 0 the lexical order", ({ expect }) => {
    fc.assert(
      fc.property(legArbitrary, legArbitrary, fc.constantFrom(...NORMALIZATIONS), (dense, lexical, normalization) => {
        const kept = (run: LegRun["run"], weight: number): unknown => {
          const scores = new Map(run.map(({ id, score }) => [id, score]));
          return idsOf(convexFusion({ dense, lexical }, { weight, normalization })).flatMap(
            (id) => scores.get(id) ?? [],
          );
        };
        expect(kept(dense.run, 1)).toEqual(dense.run.map(({ score }) => score));
        expect(kept(lexical.run, 0)).toEqual(lexical.run.map(({ score }) => score));
      }),
    );
  });

  test("swapping the legs and the weight gives the same scores", ({ expect }) => {
    fc.assert(
      fc.property(legArbitrary, legArbitrary, settings, (first, second, { weight, normalization }) => {
        const one = fuseToRecord(first, second, weight, normalization);
        const other = fuseToRecord(second, first, 1 - weight, normalization);
        for (const [id, score] of Object.entries(one)) {
          expect(other[id]).toBeCloseTo(score, 9);
        }
      }),
    );
  });

  test("does not depend on the scale of a leg's scores", ({ expect }) => {
    fc.assert(
      fc.property(legArbitrary, legArbitrary, settings, (dense, lexical, { weight, normalization }) => {
        const doubled = { ...lexical, run: lexical.run.map(({ id, score }) => ({ id, score: score * 2 })) };
        expect(fuseToRecord(dense, doubled, weight, normalization)).toEqual(
          fuseToRecord(dense, lexical, weight, normalization),
        );
      }),
    );
  });

  test("a passage that is better in both runs is better in the fusion", ({ expect }) => {
    fc.assert(
      fc.property(legArbitrary, legArbitrary, settings, (dense, lexical, { weight, normalization }) => {
        const fused = fuseToRecord(dense, lexical, weight, normalization);
        const denseIds = idsOf(dense.run);
        const lexicalIds = idsOf(lexical.run);
        const both = denseIds.filter((id) => lexicalIds.includes(id));
        for (const [index, better] of both.entries()) {
          for (const worse of both.slice(index + 1)) {
            if (lexicalIds.indexOf(better) < lexicalIds.indexOf(worse)) {
              expect(fused[better]).toBeGreaterThanOrEqual(fused[worse] ?? Infinity);
            }
          }
        }
      }),
    );
  });
});
