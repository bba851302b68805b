import { describe, test } from "vitest";
import { clipByGlobalNorm } from "../../../../training/optim/clip-by-global-norm.ts";
import type { Gradient } from "../../../../training/optim/gradient.ts";

const PARAMETERS = [
  { name: "table", dims: [4, 2], data: new Float32Array(8) },
  { name: "w", dims: [5], data: new Float32Array(5) },
];

/** Norm √(9 + 16 + 144) = 13. */
const GRADIENTS = new Map<string, Gradient>([
  ["table", { rows: Int32Array.of(2), values: Float32Array.of(3, 4) }],
  ["w", Float32Array.of(0, 0, 0, 0, -12)],
]);

function clip(maxNorm: number, gradients: ReadonlyMap<string, Gradient>, scale = 1) {
  return clipByGlobalNorm(maxNorm).update({ gradients, scale }, new Map(), PARAMETERS);
}

describe("clipByGlobalNorm", () => {
  const cases: [string, number, number, number][] = [
    ["scales a longer gradient to the maximum", 1, 1, 1 / (13 + 1e-6)],
    ["leaves a shorter one", 20, 1, 1],
    ["shrinks one of exactly the maximum by a millionth, as PyTorch does", 13, 1, 13 / (13 + 1e-6)],
    ["counts a scale from earlier links", 1, 0.5, 0.5 / (6.5 + 1e-6)],
    ["clips nothing at infinity", Infinity, 1, 1],
  ];
  test.for(cases)("%s", ([, maxNorm, scale, expected], { expect }) => {
    const clipped = clip(maxNorm, GRADIENTS, scale);
    expect(clipped.scale).toBeCloseTo(expected, 12);
    expect(clipped.facts?.["gradientNorm"]).toBeCloseTo(13 * scale, 12);
    expect(clipped.gradients).toBe(GRADIENTS);
  });

  test("leaves gradients of zero", ({ expect }) => {
    const zeros = new Map(PARAMETERS.map(({ name, data }) => [name, data]));
    expect(clip(1, zeros)).toMatchObject({ scale: 1, facts: { gradientNorm: 0 } });
  });

  test.for([NaN, Infinity])("stops at a gradient of %d and names its parameter", (bad, { expect }) => {
    const gradients = new Map([...GRADIENTS, ["w", Float32Array.of(0, bad, 0, 0, 1)]]);
    expect(() => clip(1, gradients)).toThrow(
      expect.objectContaining({
        code: "training_diverged",
        message: expect.stringContaining('gradient of "w" is not'),
      }),
    );
  });

  test("refuses a maximum that is not positive", ({ expect }) => {
    expect(() => clipByGlobalNorm(0)).toThrow("must be positive, got 0");
  });
});
