import { describe, test } from "vitest";
import { RULE_FAMILIES } from "../../../../../training/autodiff/registry.ts";
import { GRADIENT_CASES, operatorOf, UNTESTABLE_OPERATORS } from "../../../../support/gradient-cases.ts";
import { gradientError } from "../../../../support/gradient-check.ts";

describe("derivative rules agree with finite differences", () => {
  test.for(GRADIENT_CASES)("%s", async ([, given], { expect }) => {
    expect(await gradientError(given)).toBeLessThan(1e-3);
  });

  test("every operator with a rule is tested", ({ expect }) => {
    const tested = new Set([...GRADIENT_CASES.map(operatorOf), ...UNTESTABLE_OPERATORS]);
    expect(
      Object.values(RULE_FAMILIES)
        .flatMap(Object.keys)
        .filter((name) => !tested.has(name)),
    ).toEqual([]);
  });
});
