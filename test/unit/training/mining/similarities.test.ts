import { describe, it } from "vitest";
import { similaritiesOf } from "../../../../training/mining/similarities.ts";

describe("similaritiesOf", () => {
  it("scores candidates and relevant passages that were not found, best first; not those judged irrelevant", ({
    expect,
  }) => {
    const candidates = new Map([
      [
        "q",
        [
          { id: "a", score: 9 },
          { id: "b", score: 8 },
        ],
      ],
    ]);
    const qrels = new Map([
      [
        "q",
        new Map([
          ["far", 1],
          ["bad", 0],
          ["b", 2],
        ]),
      ],
    ]);
    const scores = new Map([
      ["a", 0.2],
      ["b", 0.7],
      ["far", 0.4],
      ["bad", 0.9],
    ]);
    const found = similaritiesOf(candidates, { queries: [], qrels }, (_, id) => scores.get(id));
    expect(found).toEqual(
      new Map([
        [
          "q",
          [
            { id: "b", score: 0.7 },
            { id: "far", score: 0.4 },
            { id: "a", score: 0.2 },
          ],
        ],
      ]),
    );
  });
});
