import { describe, test } from "vitest";
import { falseNegatives } from "../../../../training/losses/false-negatives.ts";
import type { FalseNegativeOptions } from "../../../../training/losses/false-negatives.ts";

/** Unit vectors by their angle to query a in degrees; query b is at 90. */
const at = (degrees: readonly number[]): Float32Array =>
  Float32Array.from(degrees.flatMap((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]));

// a: positives at 60 and 30, hard negative at 5. b: positive at 80, hard negatives at 20, 30 and 31.
const BATCH = {
  queryIds: ["a", "b"],
  passageQuery: [0, 0, 0, 1, 1, 1, 1],
  isPositive: [true, true, false, true, false, false, false],
};
const GUIDE = { queries: at([0, 90]), passages: at([60, 30, 5, 80, 20, 30, 31]) };

function maskOf(
  options: FalseNegativeOptions,
  passageIds?: readonly string[],
): { a: number[]; b: number[]; share: number } {
  const batch = passageIds === undefined ? BATCH : { ...BATCH, passageIds };
  const { mask, maskedShare } = falseNegatives(batch, GUIDE, options);
  return { a: [...mask.subarray(0, 7)], b: [...mask.subarray(7)], share: maskedShare };
}

describe("falseNegatives", () => {
  test("masks what is more similar than the best own positive; a tie is not, nor is anything own", ({ expect }) => {
    expect(maskOf({})).toEqual({
      a: [0, 0, 0, 0, 1, 0, 0],
      b: [0, 0, 0, 0, 0, 0, 0],
      share: 1 / 7,
    });
  });

  test("an absolute margin lowers the bar", ({ expect }) => {
    expect(maskOf({ margin: 0.01 }).a).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });

  test("a relative margin is a share of the anchor", ({ expect }) => {
    // cos 80° to b's anchor: cos 10° = 0.985; passage 0 has cos 30° = 0.866.
    expect(maskOf({ margin: 0.1, marginKind: "relative" }).b).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(maskOf({ margin: 0.15, marginKind: "relative" }).b).toEqual([1, 0, 0, 0, 0, 0, 0]);
  });

  test("copies of an own positive are masked by their id", ({ expect }) => {
    const ids = ["x", "y", "z", "u", "v", "y", "w"];
    expect(maskOf({}, ids).a).toEqual([0, 0, 0, 0, 1, 1, 0]);
    expect(maskOf({}, ["x", "y", "z", "u", "v", "w", "z"]).a).toEqual([0, 0, 0, 0, 1, 0, 0]);
  });

  test("does not see the lengths of base embeddings", ({ expect }) => {
    const scaled = {
      queries: GUIDE.queries,
      passages: GUIDE.passages.map((value, index) => value * (1 + Math.floor(index / 2))),
    };
    expect(falseNegatives(BATCH, scaled).mask).toEqual(falseNegatives(BATCH, GUIDE).mask);
  });

  test("refuses embeddings of another number of rows", ({ expect }) => {
    expect(() => falseNegatives(BATCH, { ...GUIDE, passages: at([1]) })).toThrow("have 4 and 2 numbers");
  });

  test("a single query has nothing to mask", ({ expect }) => {
    const alone = { queryIds: ["a"], passageQuery: [0, 0], isPositive: [true, false] };
    expect(falseNegatives(alone, { queries: at([0]), passages: at([50, 1]) })).toEqual({
      mask: new Uint8Array(2),
      maskedShare: 0,
    });
  });
});
