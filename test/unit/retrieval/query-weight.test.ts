import * as fc from "fast-check";
import { describe, test } from "vitest";
import { queryWeight, separation } from "../../../src/retrieval/query-weight.ts";

/** Ten scores of which the first stands `gap` above the tenth. */
function apart(gap: number): number[] {
  return [1, ...Array.from({ length: 9 }, () => 1 - gap)];
}

describe("separation", () => {
  test.for([
    [[1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0], 0.9],
    [[1, 0.75], 0.25],
    [[0.5, 0.5, 0.5], 0],
  ] as const)("of %j is %d: the first less the tenth, or the last of fewer", ([scores, expected], { expect }) => {
    expect(separation(scores)).toBeCloseTo(expected, 12);
  });

  test("of fewer than two is unknown", ({ expect }) => {
    expect([separation([]), separation([1])]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe("queryWeight", () => {
  test.for([
    // odds 1 x (4 x 0.1 / 0.4) = 1
    [0.5, 1, 0.1, 0.4, 0.5],
    // odds 1 x (4 x 0.2 / 0.4) = 2
    [0.5, 1, 0.2, 0.4, 2 / 3],
    // odds 3 x (4 x 0.05 / 0.4) = 1.5
    [0.75, 1, 0.05, 0.4, 0.6],
    // odds 1 x 2 squared = 4
    [0.5, 2, 0.2, 0.4, 0.8],
    // a factor of 40 counts as 4
    [0.5, 1, 0.5, 0.05, 0.8],
    // one of 1/40 as 1/4
    [0.5, 1, 0.005, 0.8, 0.2],
    [0.3, 0, 0.5, 0.05, 0.3],
  ] as const)(
    "weight %d, adapt %d, separations %d and %d: %d",
    ([weight, adapt, dense, lexical, expected], { expect }) => {
      expect(queryWeight({ weight, adapt, dense: apart(dense), lexical: apart(lexical) })).toBeCloseTo(expected, 12);
    },
  );

  test.for([
    [[], apart(0.4)],
    [apart(0.1), [1]],
    [apart(0), apart(0.4)],
    [apart(0.1), apart(0)],
  ] as const)("is the weight where a leg tells nothing apart: case %$", ([dense, lexical], { expect }) => {
    expect(queryWeight({ weight: 0.7, adapt: 1, dense, lexical })).toBe(0.7);
  });

  test("stays a share, keeps 0 and 1, and never falls when the dense leg tells more apart", ({ expect }) => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        unit,
        fc.double({ min: 0, max: 2, noNaN: true }),
        unit,
        unit,
        unit,
        (weight, adapt, a, b, lexical) => {
          const [less, more] = [Math.min(a, b), Math.max(a, b)];
          fc.pre(less > 0 && lexical > 0);
          const of = (gap: number, share = weight): number =>
            queryWeight({ weight: share, adapt, dense: apart(gap), lexical: apart(lexical) });
          expect([of(less, 0), of(less, 1)]).toEqual([0, 1]);
          expect(of(more)).toBeGreaterThanOrEqual(of(less) - 1e-12);
          expect(of(more) >= 0 && of(more) <= 1).toBe(true);
        },
      ),
      // Found at random once: odds that move by the last bit alone.
      { examples: [[0, 8.008566259537295e-17, 5.551115123125784e-17, 5.551115123125784e-17, 5.551115123125784e-17]] },
    );
  });
});
