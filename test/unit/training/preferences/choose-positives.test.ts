import { describe, it } from "vitest";
import { choosePositives } from "../../../../training/preferences/choose-positives.ts";
import type { ChoosePositivesOptions, PositiveSources } from "../../../../training/preferences/choose-positives.ts";

const SOURCES: PositiveSources = {
  queryId: "q",
  human: ["gold", "b"],
  ranking: [
    { id: "b", score: 0.4, isGain: true },
    { id: "c", score: -0.1, isGain: false },
    { id: "a", score: -0.2, isGain: false },
  ],
  candidates: ["a", "b", "c"],
  nearest: "c",
};
const OPTIONS: ChoosePositivesOptions = {
  lmPositives: 2,
  gainTest: false,
  minLead: 0,
  signal: "likelihood-gain",
  seed: 0,
};

describe("choosePositives", () => {
  it("human: what people judged, with the LM's score where it gave one", ({ expect }) => {
    expect(choosePositives("human", SOURCES, OPTIONS)).toEqual([
      { passageId: "gold", from: ["human"] },
      { passageId: "b", from: ["human"], score: 0.4 },
    ]);
  });

  it("lm: the K best, those without gain only when the test is off", ({ expect }) => {
    const ids = (options: ChoosePositivesOptions) =>
      choosePositives("lm", SOURCES, options).map(({ passageId }) => passageId);
    expect(ids(OPTIONS)).toEqual(["b", "c"]);
    expect(ids({ ...OPTIONS, gainTest: true })).toEqual(["b"]);
  });

  it("lm: nothing where the K best do not lead the next one by enough standard deviations", ({ expect }) => {
    // Scores 0.4, -0.1, -0.2: mean 1/30, standard deviation sqrt(0.0622) = 0.249. The lead of the first is 0.5 / 0.249 = 2.0.
    const ids = (options: Partial<ChoosePositivesOptions>) =>
      choosePositives("lm", SOURCES, { ...OPTIONS, ...options }).map(({ passageId }) => passageId);
    expect(ids({ lmPositives: 1, minLead: 1.9 })).toEqual(["b"]);
    expect(ids({ lmPositives: 1, minLead: 2.1 })).toEqual([]);
    expect(ids({ lmPositives: 2, minLead: 0.3 })).toEqual(["b", "c"]); // 0.1 / 0.249
    expect(ids({ lmPositives: 2, minLead: 0.5 })).toEqual([]);
    expect(ids({ lmPositives: 3, minLead: 9 })).toEqual(["b", "c", "a"]); // there is no next one
  });

  it("both: the union, an overlap named by both and not replaced by the LM's third", ({ expect }) => {
    expect(choosePositives("both", SOURCES, OPTIONS)).toEqual([
      { passageId: "gold", from: ["human"] },
      { passageId: "b", from: ["human", "likelihood-gain"], score: 0.4 },
      { passageId: "c", from: ["likelihood-gain"], score: -0.1 },
    ]);
  });

  it("control-base: what the base encoder finds nearest", ({ expect }) => {
    expect(choosePositives("control-base", SOURCES, OPTIONS)).toEqual([{ passageId: "c", from: ["control-base"] }]);
    expect(choosePositives("control-base", { ...SOURCES, nearest: undefined }, OPTIONS)).toEqual([]);
  });

  it("control-first: the first stage's own first passage", ({ expect }) => {
    expect(choosePositives("control-first", SOURCES, OPTIONS)).toEqual([{ passageId: "a", from: ["control-first"] }]);
    expect(choosePositives("control-first", { ...SOURCES, candidates: [] }, OPTIONS)).toEqual([]);
  });

  it("control-random: each of the passages about as often, the same one for the same seed", ({ expect }) => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 3000; index++) {
      const [positive] = choosePositives("control-random", { ...SOURCES, queryId: `q${index}` }, OPTIONS);
      const id = positive?.passageId ?? "none";
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual(["a", "b", "c"]);
    for (const count of counts.values()) {
      expect(Math.abs(count - 1000)).toBeLessThan(130); // five standard errors
    }
    expect(choosePositives("control-random", SOURCES, OPTIONS)).toEqual(
      choosePositives("control-random", SOURCES, OPTIONS),
    );
    expect(choosePositives("control-random", { ...SOURCES, candidates: [] }, OPTIONS)).toEqual([]);
  });
});
