import { describe, it } from "vitest";
import type { ScoredPassage } from "../../../../src/retrieval/types.ts";
import { estimateFusion } from "../../../../training/eval/estimate-fusion.ts";
import type { RetrievedLegs } from "../../../../training/eval/retrieve-legs.ts";

/** Ten passages, the first of which stands `gap` above the others on the scale from `floor` to the first score. */
function run(gap: number, { first, floor }: { readonly first: number; readonly floor: number }): ScoredPassage[] {
  const others = first - gap * (first - floor);
  return Array.from({ length: 10 }, (_, rank) => ({ id: `p${rank}`, score: rank === 0 ? first : others }));
}

function legs(gaps: readonly (readonly [dense: number, lexical: number])[]): RetrievedLegs {
  const dense = gaps.map(([gap], index) => [`q${index}`, run(gap, { first: 0.8, floor: -1 })] as const);
  const lexical = gaps.map(([, gap], index) => [`q${index}`, run(gap, { first: 20, floor: 0 })] as const);
  return { dense: new Map(dense), lexical: new Map(lexical), similarity: "cosine", depth: 100 };
}

describe("estimateFusion", () => {
  it.for([
    // means 0.1 and 0.5: (6.25 / 5)^3 = 1.953 to 1
    [
      [
        [0.05, 0.4],
        [0.15, 0.6],
      ],
      5,
      0.66,
    ],
    [[[0.08, 0.5]], 6.25, 0.5],
    // bounded, however clear the legs
    [[[0.3, 0.3]], 1, 0.95],
    [[[0.02, 0.9]], 45, 0.3],
  ] as const)("of separations %j: ratio %d, weight %d", ([gaps, ratio, weight], { expect }) => {
    const estimated = estimateFusion(legs(gaps));
    expect(estimated.ratio).toBeCloseTo(ratio, 9);
    expect(estimated.fusion).toEqual({ method: "convex", weight, normalization: "theoretical", adapt: 1 });
    expect(estimated.questions).toBe(gaps.length);
  });

  it("leaves out questions that a leg finds nothing for, and says when none is left", ({ expect }) => {
    const known = legs([
      [0.08, 0.5],
      [0.5, 0.5],
    ]);
    const lexical = new Map([...(known.lexical ?? []), ["q1", []]]);
    expect(estimateFusion({ ...known, lexical })).toMatchObject({ questions: 1, fusion: { weight: 0.5 } });
    expect(() => estimateFusion({ ...known, lexical: new Map() })).toThrow(/no question finds passages/u);
  });

  it("refuses dot products", ({ expect }) => {
    expect(() => estimateFusion({ ...legs([[0.1, 0.4]]), similarity: "dot-product" })).toThrow(/no common scale/u);
  });
});
