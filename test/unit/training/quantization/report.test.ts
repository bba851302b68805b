import { test } from "vitest";
import { judge } from "../../../../training/quantization/report.ts";
import type { RetrievalParity } from "../../../../training/quantization/retrieval-parity.ts";

function parity(before: number, after: number): RetrievalParity {
  return { set: "set", split: "test", queries: 10, before, after, relativeLoss: (before - after) / before };
}

test.for([
  ["a gain", [parity(0.4, 0.41)], true],
  ["no change", [parity(0.4, 0.4)], true],
  ["a loss at the limit", [parity(0.5, 0.4975)], true],
  ["a loss above the limit", [parity(0.4, 0.397)], false],
  ["one bad set among good ones", [parity(0.4, 0.4), parity(0.3, 0.29)], false],
  ["a score that is no number", [parity(0.4, Number.NaN)], false],
] as const)("%s", ([, retrieval, passed], { expect }) => {
  expect(judge(retrieval, 0.0050001).passed).toBe(passed);
});

test("a failure says on which set, from what to what, and how much is let through", ({ expect }) => {
  expect(judge([parity(0.4, 0.39)], 0.005).failures).toEqual([
    "nDCG@10 on set test fell from 0.4000 to 0.3900, 2.50 %; at most 0.50 % is let through",
  ]);
});
