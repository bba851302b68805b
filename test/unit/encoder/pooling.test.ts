import { test } from "vitest";
import { POOLINGS } from "../../../src/encoder/pooling.ts";

/** Three tokens of two dims, then a row of padding that no pooling may read. */
const tokens = { states: Float32Array.of(1, 2, 3, 4, 8, 0, 1000, 1000), tokenCount: 3, dims: 2 };

test.for([
  { pooling: "mean", expected: [4, 2] },
  { pooling: "cls", expected: [1, 2] },
  { pooling: "last_token", expected: [8, 0] },
] as const)("$pooling pooling reads the text's own tokens", ({ pooling, expected }, { expect }) => {
  expect([...POOLINGS[pooling](tokens)]).toEqual(expected);
});

test.for(["mean", "cls", "last_token"] as const)("%s pooling of one token is that token", (pooling, { expect }) => {
  expect([...POOLINGS[pooling]({ ...tokens, tokenCount: 1 })]).toEqual([1, 2]);
});

test("pooling does not alias the runtime's output buffer", ({ expect }) => {
  const states = Float32Array.of(1, 2);
  const pooled = POOLINGS.cls({ states, tokenCount: 1, dims: 2 });
  states.fill(0);
  expect([...pooled]).toEqual([1, 2]);
});
