import { array, assert, constantFrom, property, uniqueArray } from "fast-check";
import { describe, it } from "vitest";
import { orderByPassages } from "../../../../training/scoring/order-by-passages.ts";
import type { QueryToScore } from "../../../../training/scoring/signal.ts";

function item(id: string, passageIds: readonly string[]): QueryToScore {
  return {
    query: { id, text: id, answers: [], choices: [] },
    passages: passageIds.map((passageId) => ({ id: passageId, title: "", text: passageId })),
  };
}

function idsOf(items: readonly QueryToScore[]): string[] {
  return items.map(({ query }) => query.id);
}

describe("orderByPassages", () => {
  it("puts queries about the same passages next to each other, those that share the most first", ({ expect }) => {
    const items = [item("q1", ["a", "b", "c"]), item("q2", ["x", "y"]), item("q3", ["a"]), item("q4", ["b", "c", "z"])];
    expect(idsOf(orderByPassages(items))).toEqual(["q1", "q4", "q3", "q2"]);
  });

  it("leaves queries that share nothing in their order", ({ expect }) => {
    const items = [item("q1", ["a"]), item("q2", ["b"]), item("q3", ["c"])];
    expect(idsOf(orderByPassages(items))).toEqual(["q1", "q2", "q3"]);
  });

  it("loses no query and adds none, and gives the same order again", ({ expect }) => {
    const passages = uniqueArray(constantFrom(..."abcdefgh".split("")), { maxLength: 4 });
    assert(
      property(array(passages, { maxLength: 40 }), (lists) => {
        const items = lists.map((list, index) => item(`q${index}`, list));
        const ordered = orderByPassages(items);
        expect(idsOf(ordered).toSorted()).toEqual(idsOf(items).toSorted());
        expect(idsOf(orderByPassages(items))).toEqual(idsOf(ordered));
      }),
    );
  });
});
