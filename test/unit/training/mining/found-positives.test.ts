import { describe, it } from "vitest";
import { countFoundPositives } from "../../../../training/mining/found-positives.ts";

/** A run of twelve passages, p1 first. */
const TWELVE = Array.from({ length: 12 }, (_, index) => ({ id: `p${index + 1}`, score: 12 - index }));

describe("countFoundPositives", () => {
  it("counts the best relevant passage of each judged question", ({ expect }) => {
    const run = new Map(["first", "tenth", "eleventh", "nowhere", "irrelevant"].map((id) => [id, TWELVE]));
    const qrels = new Map([
      [
        "first",
        new Map([
          ["p1", 1],
          ["p12", 2],
        ]),
      ],
      ["tenth", new Map([["p10", 1]])],
      ["eleventh", new Map([["p11", 1]])],
      ["nowhere", new Map([["p99", 1]])],
      ["irrelevant", new Map([["p1", 0]])],
      ["unmined", new Map([["p1", 1]])],
    ]);
    expect(countFoundPositives(run, qrels)).toEqual({ judged: 5, first: 1 / 5, firstTen: 2 / 5, anywhere: 3 / 5 });
  });

  it("is zero without judgments", ({ expect }) => {
    expect(countFoundPositives(new Map([["q", TWELVE]]), new Map())).toEqual({
      judged: 0,
      first: 0,
      firstTen: 0,
      anywhere: 0,
    });
  });
});
