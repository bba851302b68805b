import * as fc from "fast-check";
import { describe, it } from "vitest";
import { signalRanking } from "../../../../training/preferences/signal-ranking.ts";
import type { ScoresBySignal } from "../../../../training/preferences/signal-scores.ts";

function scoresOf(tables: Readonly<Record<string, Readonly<Record<string, number>>>>): ScoresBySignal {
  return new Map(
    Object.entries(tables).map(([signal, table]) => [signal, new Map([["q", new Map(Object.entries(table))]])]),
  );
}

describe("signalRanking", () => {
  it("keeps one signal's scores; ties keep the first stage's order; what is not scored is left out", ({ expect }) => {
    const scores = scoresOf({ attention: { a: 1, b: 3, c: 1, z: 9 } });
    const ranking = signalRanking("q", scores, { signals: ["attention"], candidates: ["c", "a", "b", "d"] });
    expect(ranking.map(({ id, score }) => [id, score])).toEqual([
      ["b", 3],
      ["c", 1],
      ["a", 1],
    ]);
  });

  it("fuses by the mean of z-scores, worked out by hand", ({ expect }) => {
    // x: mean 2, variance 2/3, z = -sqrt(3/2), 0, sqrt(3/2). y: mean 20, variance 200, z = sqrt(2), -sqrt(1/2), -sqrt(1/2).
    const scores = scoresOf({ x: { a: 1, b: 2, c: 3 }, y: { a: 40, b: 10, c: 10 } });
    const ranking = signalRanking("q", scores, { signals: ["x", "y"], candidates: ["a", "b", "c"] });
    const expected = [
      ["c", (Math.sqrt(3 / 2) - Math.sqrt(1 / 2)) / 2],
      ["a", (Math.SQRT2 - Math.sqrt(3 / 2)) / 2],
      ["b", -Math.sqrt(1 / 2) / 2],
    ] as const;
    expect(ranking.map(({ id }) => id)).toEqual(expected.map(([id]) => id));
    for (const [index, [, score]] of expected.entries()) {
      expect(ranking[index]?.score).toBeCloseTo(score, 5);
    }
  });

  it("gives nothing to a signal that says the same of all", ({ expect }) => {
    const scores = scoresOf({ x: { a: 1, b: 2 }, flat: { a: 5, b: 5 } });
    const ranking = signalRanking("q", scores, { signals: ["x", "flat"], candidates: ["a", "b"] });
    expect(ranking.map(({ id, score }) => [id, score])).toEqual([
      ["b", 0.5],
      ["a", -0.5],
    ]);
  });

  it("has a gain test only for signals that are gains, and all of them have to pass", ({ expect }) => {
    const scores = scoresOf({
      "likelihood-gain": { a: 0.1, b: -0.1, c: 0 },
      "query-likelihood": { a: -5, b: -4, c: -3 },
    });
    const gains = (signals: readonly string[]) =>
      Object.fromEntries(
        signalRanking("q", scores, { signals, candidates: ["a", "b", "c"] }).map(({ id, isGain }) => [id, isGain]),
      );
    expect(gains(["query-likelihood"])).toEqual({ a: true, b: true, c: true });
    expect(gains(["likelihood-gain"])).toEqual({ a: true, b: false, c: false });
    expect(gains(["query-likelihood", "likelihood-gain"])).toEqual({ a: true, b: false, c: false });
  });

  it("fused scores do not depend on the scale of a signal", ({ expect }) => {
    const score = fc.integer({ min: -100, max: 100 });
    const pairs = fc.array(fc.tuple(score, score), { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(pairs, fc.integer({ min: 1, max: 1000 }), (values, scale) => {
        const ids = values.map((_, index) => `p${index}`);
        const table = (value: (pair: readonly [number, number]) => number) =>
          Object.fromEntries(values.map((pair, index) => [`p${index}`, value(pair)]));
        const rank = (factor: number) =>
          signalRanking("q", scoresOf({ x: table(([x]) => x * factor + 7), y: table(([, y]) => y) }), {
            signals: ["x", "y"],
            candidates: ids,
          });
        const [plain, scaled] = [new Map(rank(1).map(({ id, score: s }) => [id, s])), rank(scale)];
        for (const { id, score: scaledScore } of scaled) {
          expect(scaledScore).toBeCloseTo(plain.get(id) ?? Number.NaN, 6);
        }
      }),
    );
  });
});
