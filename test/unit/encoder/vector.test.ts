import { test } from "vitest";
import { cosine, dot, normalize } from "../../../src/encoder/vector.ts";

test("normalize scales to unit length", ({ expect }) => {
  expect([...normalize(Float32Array.of(3, 0, -4))]).toEqual([Math.fround(0.6), 0, Math.fround(-0.8)]);
});

test("normalize leaves its argument as it was", ({ expect }) => {
  const vector = Float32Array.of(3, 4);
  normalize(vector);
  expect([...vector]).toEqual([3, 4]);
});

test("the zero vector stays zero", ({ expect }) => {
  expect([...normalize(new Float32Array(3))]).toEqual([0, 0, 0]);
});

test("normalize keeps the direction of values whose squares leave float32", ({ expect }) => {
  const unit = normalize(Float32Array.of(3e25, 4e25));
  expect(unit[0]).toBeCloseTo(0.6, 6);
  expect(unit[1]).toBeCloseTo(0.8, 6);
});

test("dot multiplies and sums", ({ expect }) => {
  expect(dot(Float32Array.of(1, 2, 3), Float32Array.of(4, -5, 6))).toBe(12);
});

test("cosine does not depend on length, and is 0 for a zero vector", ({ expect }) => {
  expect(cosine(Float32Array.of(1, 1), Float32Array.of(5, 0))).toBeCloseTo(Math.SQRT1_2, 12);
  expect(cosine(Float32Array.of(2, 0), Float32Array.of(-7, 0))).toBe(-1);
  expect(cosine(Float32Array.of(0, 0), Float32Array.of(1, 0))).toBe(0);
});
