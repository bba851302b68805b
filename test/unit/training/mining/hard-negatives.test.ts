import * as fc from "fast-check";
import { describe, it } from "vitest";
import { hardNegatives } from "../../../../training/mining/hard-negatives.ts";
import type { HardNegativesOptions } from "../../../../training/mining/hard-negatives.ts";
import type { NegativeContext } from "../../../../training/mining/negative-filters.ts";

const CANDIDATES = ["a", "b", "c", "d", "e", "f"];
const SIMILARITIES = new Map([
  ["a", 0.9],
  ["b", 0.8],
  ["c", 0.78],
  ["d", 0.75],
  ["e", 0.5],
  ["f", 0.2],
]);
const TEXTS = new Map([
  ["e", "It was The Eiffel-Tower, they say"],
  ["f", "Eiffel Towers"],
]);

const CONTEXT: NegativeContext = {
  positives: new Set(["b"]),
  lmRanks: new Map([
    ["b", 1],
    ["a", 2],
    ["d", 3],
  ]),
  anchor: 0.8,
  similarity: (id) => SIMILARITIES.get(id),
  answers: ["eiffel tower"],
  passageText: (id) => TEXTS.get(id),
};
const AAR: HardNegativesOptions = {
  count: 30,
  choose: "random",
  minimum: 0,
  seed: 0,
  sparedLmRanks: 0,
  answerFilter: false,
};

function choose(options: Partial<HardNegativesOptions>, context: Partial<NegativeContext> = {}) {
  return hardNegatives("q", { candidates: CANDIDATES, context: { ...CONTEXT, ...context } }, { ...AAR, ...options });
}

describe("hardNegatives", () => {
  it("without filters takes all candidates but the positives, as AAR", ({ expect }) => {
    const { ids, rejected } = choose({});
    expect(ids).toEqual(["a", "c", "d", "e", "f"]);
    expect([...rejected]).toEqual([["positive", 1]]);
  });

  it("rejects what is nearer than 95 % of the anchor, or than the anchor less a margin", ({ expect }) => {
    // 0.95 x 0.8 = 0.76
    expect(choose({ relativeMargin: 0.05 }).ids).toEqual(["d", "e", "f"]);
    // 0.8 - 0.1 = 0.7
    expect(choose({ absoluteMargin: 0.1 }).ids).toEqual(["e", "f"]);
  });

  it("has no margin without an anchor, and none for a candidate of unknown similarity", ({ expect }) => {
    expect(choose({ relativeMargin: 0.05 }, { anchor: undefined }).ids).toEqual(["a", "c", "d", "e", "f"]);
    expect(choose({ relativeMargin: 0.05 }, { similarity: () => undefined }).ids).toEqual(["a", "c", "d", "e", "f"]);
  });

  it("measures a relative margin downwards from a negative anchor too", ({ expect }) => {
    const context = { anchor: -0.4, similarity: (id: string) => (id === "c" ? -0.41 : -0.5) };
    expect(choose({ relativeMargin: 0.05 }, context).ids).toEqual(["a", "d", "e", "f"]);
  });

  it("keeps the LM's first ranks out", ({ expect }) => {
    expect(choose({ sparedLmRanks: 2 }).ids).toEqual(["c", "d", "e", "f"]);
    expect(choose({ sparedLmRanks: 3 }).ids).toEqual(["c", "e", "f"]);
  });

  it("rejects a candidate that holds an answer, normalised and as whole words", ({ expect }) => {
    // "The Eiffel-Tower," becomes "eiffeltower" under SQuAD's rule: punctuation goes without a space.
    expect(choose({ answerFilter: true }).ids).toEqual(["a", "c", "d", "e", "f"]);
    expect(choose({ answerFilter: true }, { answers: ["Eiffeltower!"] }).ids).toEqual(["a", "c", "d", "f"]);
    expect(choose({ answerFilter: true }, { answers: ["the Eiffel Towers"] }).ids).toEqual(["a", "c", "d", "e"]);
    expect(choose({ answerFilter: true }, { answers: ["the"] }).ids).toEqual(["a", "c", "d", "e", "f"]);
  });

  it("counts each candidate once, under the first reason", ({ expect }) => {
    const { rejected } = choose({ relativeMargin: 0.05, absoluteMargin: 0.1, sparedLmRanks: 2 });
    expect(new Map(rejected)).toEqual(
      new Map([
        ["positive", 1],
        ["lm-rank", 1],
        ["margin-relative", 1],
        ["margin-absolute", 1],
      ]),
    );
  });

  it("fills up with the least similar of those that only a margin rejected", ({ expect }) => {
    const { ids, filled } = choose({ absoluteMargin: 0.1, sparedLmRanks: 2, minimum: 3 });
    expect([ids, filled]).toEqual([["d", "e", "f"], 1]);
  });

  it("takes the hardest of what is left when told to", ({ expect }) => {
    expect(choose({ choose: "hardest", count: 2 }).ids).toEqual(["a", "c"]);
  });

  it("never takes a positive, a spared rank or more than it should; same seed, same choice", ({ expect }) => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 40 });
    const settings = fc.record({
      count: fc.nat(30),
      minimum: fc.nat(10),
      seed: fc.nat(5),
      choose: fc.constantFrom("random", "hardest"),
      relativeMargin: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      sparedLmRanks: fc.nat(5),
    });
    fc.assert(
      fc.property(ids, settings, fc.double({ min: -1, max: 1, noNaN: true }), (candidates, given, anchor) => {
        const options: HardNegativesOptions = { ...given, answerFilter: false };
        const similarity = new Map(candidates.map((id, index) => [id, 1 - index / 20]));
        const context: NegativeContext = {
          ...CONTEXT,
          positives: new Set(candidates.filter((_, index) => index % 5 === 0)),
          lmRanks: new Map(candidates.map((id, index) => [id, index + 1])),
          anchor,
          similarity: (id) => similarity.get(id),
        };
        const chosen = hardNegatives("q", { candidates, context }, options);
        const limit = anchor - (options.relativeMargin ?? -Infinity) * Math.abs(anchor);
        expect(chosen.ids.length).toBeLessThanOrEqual(options.count);
        expect(chosen.ids).toEqual(candidates.filter((id) => chosen.ids.includes(id)));
        expect(chosen.ids.filter((id) => context.positives.has(id))).toEqual([]);
        expect(chosen.ids.filter((id) => (context.lmRanks.get(id) ?? 0) <= options.sparedLmRanks)).toEqual([]);
        expect(
          chosen.ids.filter((id) => options.relativeMargin !== undefined && (similarity.get(id) ?? 0) > limit),
        ).toHaveLength(chosen.filled);
        expect(hardNegatives("q", { candidates, context }, options)).toEqual(chosen);
      }),
    );
  });

  it("samples another part with another seed, and keeps the choice of the others when one goes", ({ expect }) => {
    const candidates = Array.from({ length: 60 }, (_, index) => `p${index}`);
    const context = { ...CONTEXT, positives: new Set<string>(), lmRanks: new Map() };
    const take = (list: readonly string[], seed: number): readonly string[] =>
      hardNegatives("q", { candidates: list, context }, { ...AAR, count: 30, seed }).ids;
    const all = take(candidates, 0);
    expect(take(candidates, 1)).not.toEqual(all);
    const [gone] = all;
    const without = take(
      candidates.filter((id) => id !== gone),
      0,
    );
    expect(without.filter((id) => all.includes(id))).toHaveLength(29);
  });
});
