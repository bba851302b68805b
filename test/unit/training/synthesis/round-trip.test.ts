import { describe, it } from "vitest";
import { roundTrip } from "../../../../training/synthesis/round-trip.ts";

describe("roundTrip", () => {
  it("keeps the questions whose own passage is among the first, and counts the ranks", ({ expect }) => {
    const ids = Array.from({ length: 20 }, (_, index) => ({ id: `p${index + 1}`, score: 20 - index }));
    const own = ["p1", "p2", "p3", "p4", "p10", "p11", "gone"];
    const questions = own.map((passageId) => ({ id: `q-${passageId}`, text: passageId, passageId }));
    const run = new Map(questions.map(({ id }) => [id, ids]));
    const { kept, ranks } = roundTrip(questions, run, 3);
    expect(kept.map(({ passageId }) => passageId)).toEqual(["p1", "p2", "p3"]);
    expect(ranks).toEqual({ "1": 1, "2-3": 2, "4-10": 2, "11-100": 1, none: 1 });
  });

  it("drops a question that found nothing", ({ expect }) => {
    const { kept, ranks } = roundTrip([{ id: "q", text: "?", passageId: "p" }], new Map(), 100);
    expect([kept, ranks.none]).toEqual([[], 1]);
  });
});
