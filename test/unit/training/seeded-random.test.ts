import * as fc from "fast-check";
import { describe, it } from "vitest";
import { keyedRandom, seededRandom, shuffled } from "../../../training/seeded-random.ts";

describe("seededRandom", () => {
  it("repeats itself for a seed, differs for another, and stays in [0, 1)", ({ expect }) => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 1000 }, () => random());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(7).every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it("gives the reference sequence of mulberry32", ({ expect }) => {
    const random = seededRandom(1);
    // Printed by the author's public C code (seed 1).
    expect([random(), random(), random()].map((value) => Math.round(value * 2 ** 32))).toEqual([
      2693262067, 11749833, 2265367787,
    ]);
  });

  it("is uniform: ten bins of 100,000 draws differ by less than 4 standard deviations", ({ expect }) => {
    const random = seededRandom(42);
    const bins = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 100_000; i++) {
      const bin = Math.floor(random() * 10);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    expect(Math.max(...bins.map((count) => Math.abs(count - 10_000)))).toBeLessThan(4 * Math.sqrt(10_000 * 0.9));
  });
});

describe("keyedRandom", () => {
  it("is the stream of the first four bytes of the key's sha256", ({ expect }) => {
    // printf '["negatives",1,"q7"]' | sha256sum
    const random = seededRandom(Buffer.from("72f00a08", "hex").readUInt32LE());
    const keyed = keyedRandom(["negatives", 1, "q7"]);
    expect([keyed(), keyed()]).toEqual([random(), random()]);
  });

  it("differs where a part of the key does, and tells parts from one another", ({ expect }) => {
    const keys = [["a", 1], ["a", 2], ["b", 1], ["a1"], ["a", "1"]];
    expect(new Set(keys.map((key) => keyedRandom(key)())).size).toBe(keys.length);
  });
});

describe("shuffled", () => {
  it("keeps every value and leaves the list as it was", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.nat(), (values, seed) => {
        const before = [...values];
        const result = shuffled(values, seededRandom(seed));
        expect(values).toEqual(before);
        const ascending = (list: readonly number[]): number[] => list.toSorted((a, b) => a - b);
        expect(ascending(result)).toEqual(ascending(values));
      }),
    );
  });

  it("puts each of three values first equally often", ({ expect }) => {
    const firsts = new Map<string, number>();
    for (let seed = 0; seed < 3000; seed += 1) {
      const [first = ""] = shuffled(["a", "b", "c"], seededRandom(seed));
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    // Four standard deviations of a binomial count.
    for (const count of firsts.values()) {
      expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(3000 * (1 / 3) * (2 / 3)));
    }
  });
});
