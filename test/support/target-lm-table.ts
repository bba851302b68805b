import { createTargetLm } from "../../src/generation/create-target-lm.ts";
import { parseTargetLmTable } from "../../src/generation/target-lm-configuration.ts";
import type { TargetLm, TargetLmDependencies } from "../../src/generation/target-lm.ts";
import { fakeEncoder } from "./fake-encoder.ts";

export const SECRET = "sk-test-4f1c9a7be2d8";

/** A target LM named `model`, built from an entry of TARGET_LMS as the Worker would. */
export function targetLm(
  entry: Readonly<Record<string, unknown>>,
  dependencies: Partial<TargetLmDependencies>,
): TargetLm {
  const configuration = parseTargetLmTable(JSON.stringify({ model: entry })).get("model");
  if (configuration === undefined) {
    throw new Error("the table has no entry `model`");
  }
  return createTargetLm("model", configuration, {
    fetch: () => Promise.reject(new Error("this test scripts no network")),
    readSecret: (name) => (name === "KEY" ? SECRET : undefined),
    encoder: () => Promise.resolve(fakeEncoder()),
    ...dependencies,
  });
}
