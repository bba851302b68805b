import * as fc from "fast-check";
import { describe, test } from "vitest";
import { compileCase, gradientError } from "../../../support/gradient-check.ts";

const size = fc.constantFrom(1, 2, 3);

/** Sizes of three axes, and of the last two of them again with some 1: they broadcast against each other. */
const broadcastable = fc
  .record({
    dims: fc.tuple(size, size, size),
    left: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    right: fc.tuple(fc.boolean(), fc.boolean()),
  })
  .map(({ dims, left, right }) => ({
    a: dims.map((dim, axis) => (left[axis] === true ? 1 : dim)),
    b: dims.slice(1).map((dim, axis) => (right[axis] === true ? 1 : dim)),
  }));

/** Factors of batched matrix products, as (batch, m, k) and (batch, 2, k, n) whose batch axes broadcast. */
const factors = fc
  .record({ m: size, k: size, n: size, batch: size, isShared: fc.boolean() })
  .map(({ m, k, n, batch, isShared }) => ({
    a: [isShared ? 1 : batch, m, k],
    b: [2, batch, k, n],
  }));

describe("gradients of inputs that broadcast", () => {
  test.for(["Add", "Mul", "Div"])("%s: one graph for all shapes", async (name, { expect }) => {
    const compiled = await compileCase({
      inputs: { a: [1, 1, 1], b: [1, 1] },
      formula: (build) => build.op(name, ["a", "b"]),
      symbolic: true,
    });
    await fc.assert(
      fc.asyncProperty(broadcastable, async (inputs) => {
        expect(await compiled.error(inputs)).toBeLessThan(1e-3);
      }),
      { numRuns: 40 },
    );
    await compiled.release();
  });

  test("MatMul: one graph for all shapes", async ({ expect }) => {
    const compiled = await compileCase({
      inputs: { a: [1, 1, 1], b: [1, 1, 1, 1] },
      formula: (build) => build.matMul("a", "b"),
      symbolic: true,
    });
    await fc.assert(
      fc.asyncProperty(factors, async (inputs) => {
        expect(await compiled.error(inputs)).toBeLessThan(1e-3);
      }),
      { numRuns: 30 },
    );
    await compiled.release();
  });

  test("shapes that are known beforehand", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(broadcastable, async (inputs) => {
        expect(await gradientError({ inputs, formula: (build) => build.mul("a", "b") })).toBeLessThan(1e-3);
      }),
      { numRuns: 12 },
    );
  });

  test("a value that is read several times gets the sum, also through a broadcast of itself", async ({ expect }) => {
    const error = await gradientError({
      inputs: { x: [2, 3] },
      formula: (build) => build.mul(build.mul("x", "x"), build.sub("x", build.reduceMean("x", [1]))),
    });
    expect(error).toBeLessThan(1e-3);
  });
});
