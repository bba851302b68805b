import { test } from "vitest";
import { parseQuerySideConfiguration } from "../../../src/query-side/query-side-configuration.ts";

const NOTHING = { encoders: undefined, defaultEncoder: undefined, adapters: undefined };

test("without variables: the passage encoder answers for queries, and there are no adapters", ({ expect }) => {
  expect(parseQuerySideConfiguration(NOTHING)).toEqual({
    encoders: new Map([["default", "encoder"]]),
    defaultEncoder: "default",
    adapters: new Map(),
  });
});

test("the first encoder is the default unless another is named", ({ expect }) => {
  const encoders = '{"full":"encoder","tiny":"encoders/tiny"}';
  expect(parseQuerySideConfiguration({ ...NOTHING, encoders }).defaultEncoder).toBe("full");
  expect(parseQuerySideConfiguration({ ...NOTHING, encoders, defaultEncoder: "tiny" }).defaultEncoder).toBe("tiny");
});

test.for([
  [{ encoders: "{" }, /ENCODERS is not JSON/u],
  [{ encoders: "{}" }, /ENCODERS: .*names no encoder/u],
  [{ encoders: '{"a":"../secrets"}' }, /ENCODERS: .*relative path/u],
  [{ encoders: '{"a b":"encoder"}' }, /ENCODERS: /u],
  [{ defaultEncoder: "tiny" }, /DEFAULT_ENCODER: "tiny" is not one of ENCODERS: default/u],
  [{ adapters: '{"a":"/etc/passwd"}' }, /ADAPTERS: .*relative path/u],
] as const)("%j is refused", ([variables, message], { expect }) => {
  expect(() => parseQuerySideConfiguration({ ...NOTHING, ...variables })).toThrow(message);
});
