import { describe, it } from "vitest";
import { newPairs } from "../../../../training/mining/new-pairs.ts";

const RUN = new Map([
  ["q1", ["a", "b", "c"].map((id, index) => ({ id, score: 3 - index }))],
  ["q2", ["a", "d"].map((id, index) => ({ id, score: 3 - index }))],
]);

describe("newPairs", () => {
  it("keeps what has no score among the first ones, in the run's order", ({ expect }) => {
    const known = new Set(["q1 a", "q2 a"]);
    const pairs = newPairs(RUN, { has: (query, id) => known.has(`${query} ${id}`) }, 2);
    expect(pairs).toEqual(
      new Map([
        ["q1", [{ id: "b", score: 2 }]],
        ["q2", [{ id: "d", score: 2 }]],
      ]),
    );
  });

  it("leaves out questions without anything new", ({ expect }) => {
    expect([...newPairs(RUN, { has: (query) => query === "q1" }, 10).keys()]).toEqual(["q2"]);
  });
});
