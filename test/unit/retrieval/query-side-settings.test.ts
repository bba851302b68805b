import { test } from "vitest";
import { chooseQuerySide, parseQuerySideSettings } from "../../../src/retrieval/query-side-settings.ts";
import type { QuerySideSettings } from "../../../src/retrieval/types.ts";

const SETTINGS: QuerySideSettings = {
  default: { adapter: "docs" },
  models: { gpt: { adapter: "docs-gpt" }, plain: { adapter: null } },
};

test.for([
  ["the collection's default", {}, { adapter: "docs" }],
  ["the target LM's before the default", { model: "gpt" }, { adapter: "docs-gpt" }],
  ["none, where the target LM's setting says so", { model: "plain" }, { adapter: null }],
  ["the default for a target LM without a setting", { model: "constructor" }, { adapter: "docs" }],
  ["the request's before both", { model: "gpt", asked: { adapter: "mine" } }, { adapter: "mine" }],
  ["none, when the request says so", { model: "gpt", asked: { adapter: null } }, { adapter: null }],
  ["no adapter of the collection on an encoder of the request", { asked: { encoder: "tiny" } }, { encoder: "tiny" }],
  ["the collection's, when the request says nothing", { asked: {} }, { adapter: "docs" }],
] as const)("takes %s", ([, request, expected], { expect }) => {
  expect(chooseQuerySide({ settings: SETTINGS, ...request })).toEqual(expected);
});

test("a collection without settings has neither encoder nor adapter", ({ expect }) => {
  expect(chooseQuerySide({ model: "gpt" })).toEqual({});
});

test("settings survive their column", ({ expect }) => {
  const settings = { ...SETTINGS, shadow: { adapter: "next", share: 0.5, logQuery: false } };
  expect(parseQuerySideSettings(JSON.stringify(settings))).toEqual(settings);
});
