import { test } from "vitest";
import { FIRST_STAGE, withFirstStage } from "../../../../training/preferences/first-stage-signal.ts";
import { signalRanking } from "../../../../training/preferences/signal-ranking.ts";

test("the first stage's own scores are fused like any signal's", ({ expect }) => {
  const lm = new Map([["lm", new Map([["q", new Map(Object.entries({ a: 1, b: 2, c: 0 }))]])]]);
  const candidates = new Map([
    [
      "q",
      [
        { id: "a", score: 9 },
        { id: "c", score: 2 },
        { id: "b", score: 1 },
        { id: "d", score: 0 },
      ],
    ],
  ]);
  const scores = withFirstStage(lm, candidates, 3);
  expect([...(scores.get(FIRST_STAGE)?.get("q") ?? [])]).toEqual([
    ["a", 9],
    ["c", 2],
    ["b", 1],
  ]);
  const ids = (signals: string[]) =>
    signalRanking("q", scores, { signals, candidates: ["a", "c", "b"] }).map(({ id }) => id);
  expect(ids(["lm"])).toEqual(["b", "a", "c"]);
  expect(ids(["lm", FIRST_STAGE])).toEqual(["a", "b", "c"]);
});
