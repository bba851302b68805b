import { describe, it } from "vitest";
import { chanceReciprocalRank, checkSanity } from "../../../../training/scoring/sanity.ts";

const scores = (values: Record<string, number>): Map<string, number> => new Map(Object.entries(values));

describe("checkSanity", () => {
  const table = new Map([
    [
      "gain",
      new Map([
        ["q1", scores({ a: 1, b: 2, c: -1 })],
        ["q2", scores({ a: -1, b: -1, c: -3, d: -2 })],
        ["q3", scores({ a: 5 })],
      ]),
    ],
    [
      "other",
      new Map([
        ["q1", scores({ a: 3, b: 1, c: 2, z: 9 })],
        ["q9", scores({ a: 1, b: 2 })],
      ]),
    ],
  ]);
  const run = new Map(
    Object.entries({ q1: "abc", q2: "dcba", q3: "a" }).map(([id, passages]) => [
      id,
      passages.split("").map((passage, index) => ({ id: passage, score: -index })),
    ]),
  );
  const qrels = new Map([
    ["q1", scores({ a: 1, c: 1 })],
    ["q2", scores({ b: 2, a: 0 })],
    ["q3", scores({ z: 1 })],
  ]);
  const sanity = checkSanity({ table, signal: "gain", run, qrels });

  it("ranks the best human positive, ties in the middle", ({ expect }) => {
    expect(sanity.judgedQueries).toBe(2); // q3's positive was not among the candidates
    expect(sanity.signalMrr).toBeCloseTo((1 / 2 + 1 / 1.5) / 2, 12); // a is second; b ties with a for the first place
    expect(sanity.firstStageMrr).toBeCloseTo((1 + 1 / 3) / 2, 12);
    // q1: two of three, (2/3) * 1 + (1/3) * 1/2; q2: one of four, (1 + 1/2 + 1/3 + 1/4) / 4
    expect(sanity.chanceMrr).toBeCloseTo((5 / 6 + 25 / 48) / 2, 12);
  });

  it("counts scores above 0", ({ expect }) => {
    expect(sanity.positiveShare).toBeCloseTo(3 / 8, 12);
    expect(sanity.queriesWithPositive).toBeCloseTo(2 / 3, 12);
  });

  it("correlates signals over the passages and queries that both scored", ({ expect }) => {
    // q1: ranks of a b c are 2 3 1 and 3 1 2
    expect(sanity.correlations).toEqual({ other: { mean: -0.5, queries: 1 } });
  });

  it("needs no judgments", ({ expect }) => {
    expect(checkSanity({ table, signal: "gain", run }).judgedQueries).toBe(0);
  });
});

describe("chanceReciprocalRank", () => {
  it("equals the mean over all orders", ({ expect }) => {
    let sum = 0;
    let orders = 0;
    for (let first = 0; first < 6; first += 1) {
      for (let second = first + 1; second < 6; second += 1) {
        sum += 1 / (first + 1);
        orders += 1;
      }
    }
    expect(chanceReciprocalRank(6, 2)).toBeCloseTo(sum / orders, 12);
    expect(chanceReciprocalRank(1, 1)).toBe(1);
  });
});
