import { describe, it } from "vitest";
import type { ScoredPassage } from "../../../../src/retrieval/types.ts";
import { estimateFromSentences } from "../../../../training/eval/estimate-from-sentences.ts";
import type { RetrievedLegs } from "../../../../training/eval/retrieve-legs.ts";

/** The sentence's own passage, then eleven others, the first of which stands `gap` of the scale above the rest. */
function run(gap: number, { first, floor }: { readonly first: number; readonly floor: number }): ScoredPassage[] {
  const rest = first - gap * (first - floor);
  const others = Array.from({ length: 11 }, (_, rank) => ({ id: `p${rank}`, score: rank === 0 ? first : rest }));
  return [{ id: "own", score: 2 * first }, ...others];
}

function legs(dense: number, lexical: number): RetrievedLegs {
  return {
    dense: new Map([["own", run(dense, { first: 0.4, floor: -1 })]]),
    lexical: new Map([["own", run(lexical, { first: 20, floor: 0 })]]),
    similarity: "cosine",
    depth: 100,
  };
}

describe("estimateFromSentences", () => {
  it.for([
    // odds (6.25 / ratio)^3, worked out by hand: 0.32, 0.65, 0.66, 0.75, 0.84
    ["far below the default's 0.75", 8, 0.32],
    ["just as far as tells", 5.085, 0.65],
    ["a little below", 5, 0.75],
    ["at it", 4.33, 0.75],
    ["a little above", 3.6, 0.75],
    ["far above", 2, 0.95],
  ] as const)("a weight %s: ratio %d, weight %d", ([, ratio, weight], { expect }) => {
    const estimated = estimateFromSentences(legs(0.1, 0.1 * ratio));
    expect(estimated.ratio).toBeCloseTo(ratio, 9);
    expect(estimated.fusion).toEqual({ method: "convex", weight, normalization: "theoretical", adapt: 1 });
  });
});
