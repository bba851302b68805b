import { test } from "vitest";
import { rowsOf } from "../../../../../scripts/experiments/answers/rows.ts";

test("trained rows follow those that need no training", ({ expect }) => {
  const rows = rowsOf(["human=a/adapter.safetensors", "lm=b=c"]);
  expect(rows.map(({ name, trained }) => [name, trained])).toEqual([
    ["none", undefined],
    ["bm25", undefined],
    ["hybrid", undefined],
    ["base", undefined],
    ["human", "a/adapter.safetensors"],
    ["lm", "b=c"],
  ]);
});

test.for(["human", "=a", "human=", "base=a"])("refuses %s", (given, { expect }) => {
  expect(() => rowsOf([given])).toThrow(/--row .*expected NAME=FILE/u);
});
