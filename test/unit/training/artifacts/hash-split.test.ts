import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { hashFraction, hashSplit } from "../../../../training/artifacts/hash-split.ts";

const SHARES = { train: 0.8, dev: 0.1, test: 0.1 };
const IDS = Array.from({ length: 5000 }, (_, index) => `q${index}`);

describe("hashFraction", () => {
  it("is the first 52 bits of sha256 over seed and id, as a binary fraction", ({ expect }) => {
    const bits = createHash("sha256").update("7:q1").digest().readBigUInt64BE(0) >> 12n;
    expect(hashFraction("q1", 7)).toBe(Number(bits) / 2 ** 52);
  });

  it("lies in [0, 1) for any id", ({ expect }) => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (id, seed) => {
        const fraction = hashFraction(id, seed);
        expect(fraction >= 0 && fraction < 1).toBe(true);
      }),
    );
  });
});

describe("hashSplit", () => {
  it("gives each part about its share", ({ expect }) => {
    const count = (name: string): number => IDS.filter((id) => hashSplit(id, { shares: SHARES }) === name).length;
    // 5,000 draws: one standard error is 28 for train and 21 for the others.
    expect(Math.abs(count("train") - 4000)).toBeLessThan(120);
    expect(Math.abs(count("dev") - 500)).toBeLessThan(90);
  });

  it("keeps an id in train when only the parts behind it change", ({ expect }) => {
    for (const id of IDS.slice(0, 500)) {
      const before = hashSplit(id, { shares: SHARES });
      const after = hashSplit(id, { shares: { train: 0.8, test: 0.2 } });
      expect(after).toBe(before === "train" ? "train" : "test");
    }
  });

  it("cuts another way with another seed", ({ expect }) => {
    const of = (seed: number): string[] => IDS.slice(0, 200).map((id) => hashSplit(id, { shares: SHARES, seed }));
    expect(of(1)).not.toEqual(of(0));
    expect(of(0)).toEqual(of(0));
  });

  it.for<Readonly<Record<string, number>>>([
    { train: 0.5, dev: 0.4 },
    { train: 1.5, dev: -0.5 },
    { train: Number.NaN },
    {},
  ])("refuses %o as shares", (shares, { expect }) => {
    expect(() => hashSplit("q1", { shares })).toThrow(/sum to 1/u);
  });
});
